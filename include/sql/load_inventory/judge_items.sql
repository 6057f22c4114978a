-- load_inventory/load: each SKU of the file gets one row and one verdict; of several lines the newest counts.
-- Grain    the SKU without regard to letter case.   Reads  staging.item, core.inventory_item, ops.run.   Writes  staging.choice.
-- What a line leaves blank stays as it is. A line without updated_at is as of the moment before the file was read; where
-- it brings no other values, nothing of the item changes, not even its updated_at.
-- A 0 that a feed made for want of a row is nobody's word: any row with a quantity ends it, whatever its date, but none
-- of a file that was read before one that is loaded already.

insert into staging.choice (sku_key, master_sku, quantity, price, as_of, verdict)
with reading as (
    select
        r.pulled_from,
        not exists (
            select 1 from ops.run as n
            where
                n.channel = r.channel
                and n.operation = r.operation
                and n.step = 'loaded'
                and not n.dry_run
                and n.pulled_from > r.pulled_from
        ) as newest
    from ops.run as r
    where r.run_no = :run_no
),

dated as (
    select
        s.line,
        s.master_sku,
        s.quantity,
        s.price,
        s.updated_at is not null as dated,
        lower(s.master_sku) as sku_key,
        coalesce(s.updated_at, r.pulled_from) as as_of
    from staging.item as s
    cross join reading as r
),

ranked as (
    select
        d.*,
        rank() over (partition by d.sku_key order by d.as_of desc) as place
    from dated as d
),

versions as (
    select
        n.sku_key,
        n.quantity,
        n.price,
        min(n.line) as line,
        (array_agg(n.master_sku order by n.line))[1] as master_sku,
        min(n.as_of) as as_of,
        bool_or(n.dated) as dated
    from ranked as n
    where n.place = 1
    group by n.sku_key, n.quantity, n.price
),

chosen as (
    select
        v.sku_key,
        (array_agg(v.master_sku order by v.line))[1] as master_sku,
        min(v.quantity) as quantity,
        min(v.price) as price,
        min(v.as_of) as as_of,
        bool_or(v.dated) as dated,
        count(*) > 1 as differ
    from versions as v
    group by v.sku_key
)

select
    c.sku_key,
    c.master_sku,
    c.quantity,
    c.price,
    c.as_of,
    case
        when c.differ then 'conflict'
        when i.master_sku is null then 'create'
        when i.zeroed_by_feed and i.quantity = 0 and c.quantity is not null
            then case when r.newest then 'update' else 'older' end
        when
            coalesce(c.quantity = i.quantity, c.quantity is null)
            and coalesce(c.price = i.price, c.price is null)
            and (c.as_of <= i.updated_at or not c.dated)
            then 'same'
        when c.as_of < i.updated_at then 'older'
        else 'update'
    end as verdict
from chosen as c
cross join reading as r
left join core.inventory_item as i on c.sku_key = lower(i.master_sku);

analyze staging.choice;
