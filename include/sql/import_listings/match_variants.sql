-- import_listings/load: which row of the warehouse each store variant belongs to.
-- Grain    staging.match: one row a variant of the store that has a row, or gets one.
-- Reads    staging.variant, staging.listing, staging.missing, staging.unmatchable, staging.pinned, core.
-- Writes   staging.match (begun anew).
-- Action   same: the row it has. rename: its row takes the SKU. take: the row of that SKU, which held another variant
--          or none. new: no row holds the SKU.
-- Repeat   safe; run again after staging.unmatchable or staging.pinned has grown.

delete from staging.match;

with held as ( -- rows that have a variant, with what this run knows of it
    select
        v.master_sku,
        v.variant_id,
        s.variant_id is not null and v.variant_id not in (select n.variant_id from staging.pinned as n) as staged,
        s.variant_id is null and (
            l.product_id is null
            or exists (
                select 1 from staging.listing as p
                where p.product_id = l.product_id
            )
            or exists (
                select 1 from staging.missing as m
                where m.product_id = l.product_id
            )
        ) as dead
    from core.listing_variant as v
    inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
    left join staging.variant as s on v.variant_id = s.variant_id
    where v.channel = :channel and v.variant_id is not null
),

claimed as ( -- each SKU that variants of the store claim, with the one that gets it: its holder, else the lowest id
    select distinct on (lower(s.master_sku))
        s.variant_id,
        s.product_id,
        s.master_sku,
        h.master_sku as held_sku
    from staging.variant as s
    left join held as h on s.variant_id = h.variant_id
    where
        s.master_sku is not null
        and (
            s.variant_id not in (select n.variant_id from staging.pinned as n)
            or s.product_id in (select u.product_id from staging.unmatchable as u)
        )
    order by lower(s.master_sku) asc, coalesce(lower(h.master_sku) = lower(s.master_sku), false) desc, s.variant_id asc
),

won as ( -- a variant that holds the SKU and is unchanged, or pinned to its row, keeps it; a product left out wins nothing
    select c.*
    from claimed as c
    where
        c.product_id not in (select u.product_id from staging.unmatchable as u)
        and not exists (
            select 1
            from held as h
            where lower(h.master_sku) = lower(c.master_sku) and not h.staged and not h.dead
        )
),

settled as ( -- a variant without a valid claim keeps the row it has, unless another has won its SKU
    select
        w.variant_id,
        w.product_id,
        w.master_sku,
        w.held_sku
    from won as w
    union all
    select
        s.variant_id,
        s.product_id,
        h.master_sku,
        h.master_sku as held_sku
    from staging.variant as s
    inner join held as h on s.variant_id = h.variant_id
    where
        not exists (
            select 1 from won as w
            where w.variant_id = s.variant_id
        )
        and not exists (
            select 1 from won as w
            where lower(w.master_sku) = lower(h.master_sku)
        )
),

placed as ( -- the row that holds the SKU now, if any
    select
        s.variant_id,
        s.product_id,
        s.master_sku,
        s.held_sku,
        r.master_sku as row_sku
    from settled as s
    left join core.listing_variant as r on r.channel = :channel and lower(s.master_sku) = lower(r.master_sku)
),

renamed as ( -- rows whose SKU was renamed to one that no row holds, or that such a row gives up
    with recursive vacated as (
        select
            p.variant_id,
            p.held_sku
        from placed as p
        where p.held_sku is not null and p.row_sku is null
        union
        select
            p.variant_id,
            p.held_sku
        from placed as p
        inner join vacated as v on lower(p.row_sku) = lower(v.held_sku)
        where p.held_sku is not null and lower(p.held_sku) <> lower(p.master_sku)
    )

    select
        variant_id,
        held_sku
    from vacated
)

insert into staging.match (variant_id, product_id, master_sku, held_sku, row_sku, action)
select
    p.variant_id,
    p.product_id,
    p.master_sku,
    p.held_sku,
    case when n.variant_id is not null then p.held_sku else p.row_sku end,
    case
        when lower(p.held_sku) = lower(p.master_sku) then 'same'
        when n.variant_id is not null then 'rename'
        when p.row_sku is not null and not exists (
            select 1 from renamed as g
            where lower(g.held_sku) = lower(p.row_sku)
        ) then 'take'
        else 'new'
    end
from placed as p
left join renamed as n on p.variant_id = n.variant_id;

update staging.match set row_sku = null
where action = 'new';
