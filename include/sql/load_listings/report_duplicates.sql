-- load_listings/load: master SKUs that stand in several lines, in any letter case: nobody knows which is right.
-- Reads    staging.   Writes  staging.feed_problem, a row for each such line; of one that is bad already too.

insert into staging.feed_problem (line, entity, entity_key, reason, source, message, group_key, master_sku)
with named as materialized (
    select
        r.line,
        r.listing_key,
        r.master_sku
    from staging.draft_row as r
    union all
    select
        p.line,
        p.group_key,
        p.master_sku
    from staging.feed_problem as p
    where p.master_sku is not null
),

repeated as (
    select
        lower(n.master_sku) as sku_key,
        count(*) as lines,
        min(n.line) as first_line
    from named as n
    group by lower(n.master_sku)
    having count(*) > 1
)

select
    n.line,
    'variant',
    n.master_sku,
    'duplicate_master_sku',
    coalesce('feed/listing/' || n.listing_key, 'feed/listings'),
    'line ' || n.line || ': its master_sku stands in ' || d.lines || ' lines, the first of them ' || d.first_line || '.',
    n.listing_key,
    n.master_sku
from named as n
inner join repeated as d on lower(n.master_sku) = d.sku_key;
