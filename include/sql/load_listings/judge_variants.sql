-- load_listings/load: each row of a listing without any problem gets a verdict.
-- Grain    the row.   Reads  staging, core.listing, core.listing_variant, ops.run.   Writes  staging.draft_variant.
-- A variant that the warehouse does not have is made, whatever its row's updated_at: there is nothing newer to lose.

insert into staging.draft_variant (line, listing_key, master_sku, options, verdict)
with drafted as (
    select
        r.line,
        r.listing_key,
        v.master_sku is null as fresh,
        (l.updated_at is null or coalesce(r.updated_at, u.pulled_from) > l.updated_at) as wins,
        coalesce(v.master_sku, r.master_sku) as master_sku,
        -- as the custom fields of a listing
        case
            when r.options is null then coalesce(v.options, '[]')
            else (
                select coalesce(jsonb_agg(e.entry order by e.place), '[]')
                from (
                    select
                        o.entry,
                        o.place
                    from jsonb_array_elements(k.options) with ordinality as o (entry, place)
                    where
                        not exists (
                            select 1 from staging.draft_column as c
                            where c.prefix = 'option.' and lower(c.name) = lower(o.entry ->> 'name')
                        )
                    union all
                    select
                        jsonb_build_object('name', c.name, 'value', r.options ->> c.name),
                        coalesce(
                            (
                                select min(o.place)
                                from jsonb_array_elements(k.options) with ordinality as o (entry, place)
                                where lower(o.entry ->> 'name') = lower(c.name)
                            ),
                            1000000 + c.place
                        )
                    from staging.draft_column as c
                    where c.prefix = 'option.' and r.options ->> c.name is not null
                ) as e
            )
        end as options
    from staging.draft_row as r
    cross join ops.run as u
    left join core.listing as l on l.channel = :channel and r.listing_key = l.listing_key
    left join core.listing_variant as v on v.channel = :channel and lower(r.master_sku) = lower(v.master_sku)
    cross join
        lateral (
            select case when jsonb_typeof(v.options) = 'array' then v.options else '[]' end as options
        ) as k
    where
        u.run_no = :run_no
        and not exists (
            select 1 from staging.feed_problem as p
            where p.group_key = r.listing_key
        )
)

select
    d.line,
    d.listing_key,
    d.master_sku,
    d.options,
    case
        when d.fresh then 'create'
        when not d.wins then 'older'
        when
            (
                'sku' = any(cast(:columns as text[]))
                and v.sku is distinct from coalesce(r.sku, case when :identifier = 'sku' then d.master_sku end)
            )
            or (
                'upc' = any(cast(:columns as text[]))
                and v.upc is distinct from coalesce(r.upc, case when :identifier = 'upc' then d.master_sku end)
            )
            or (
                'mpn' = any(cast(:columns as text[]))
                and v.mpn is distinct from coalesce(r.mpn, case when :identifier = 'mpn' then d.master_sku end)
            )
            or ('gtin' = any(cast(:columns as text[])) and v.gtin is distinct from r.gtin)
            or ('variant_price' = any(cast(:columns as text[])) and v.price is distinct from r.variant_price)
            or ('variant_weight' = any(cast(:columns as text[])) and v.weight is distinct from r.variant_weight)
            or ('quantity' = any(cast(:columns as text[])) and v.quantity is distinct from r.quantity)
            or ('inventory_sku' = any(cast(:columns as text[])) and v.inventory_sku is distinct from r.inventory_sku)
            or v.options <> d.options
            then 'update'
        else 'same'
    end
from drafted as d
inner join staging.draft_row as r on d.line = r.line
left join core.listing_variant as v on v.channel = :channel and d.master_sku = v.master_sku;

analyze staging.draft_variant (line, listing_key, verdict);
