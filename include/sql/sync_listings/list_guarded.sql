-- sync_listings/plan: the worst of what a guard is about: what falls furthest first.
-- Reads    staging.plan, staging.differing, core.listing.

select
    g.guard,
    g.entity_key,
    l.title,
    g.change
from (
    select
        p.guard,
        p.listing_key as entity_key,
        p.listing_key,
        case
            when p.guard = 'zeroed' then format('%s from %s to 0', min(p.entity_key), max((p.former ->> 'quantity')::bigint))
            when p.guard = 'hidden' then 'hidden'
            else 'deleted from the store'
        end as change,
        max(coalesce((p.former ->> 'quantity')::numeric, 0)) as severity
    from staging.plan as p
    where p.guard is not null
    group by p.guard, p.listing_key
    union all
    select
        'price',
        d.master_sku,
        d.listing_key,
        format('%s from %s to %s', d.master_sku, coalesce(d.former_price::text, 'unknown'), d.wanted_price),
        d.change_factor
    from staging.differing as d
    where d.held = 'price_held'
    union all
    select
        'price',
        d.master_sku,
        d.listing_key,
        format(
            'sale price of %s from %s to %s',
            d.master_sku,
            coalesce(nullif((d.former ->> 'sale_price')::numeric, 0), d.former_price)::text,
            d.held_sale_price
        ),
        d.sale_change_factor
    from staging.differing as d
    where d.held_sale_price is not null
) as g
inner join core.listing as l on l.channel = :channel and g.listing_key = l.listing_key
where g.guard = any(cast(:guards as text[]))
order by g.guard asc, g.severity desc, g.entity_key asc
limit :most;
