-- import_listings/extract: products that the warehouse knows and the complete pull did not show: those of listings, and
-- those that never got one but left a payload or a problem.
-- Reads    core.listing, raw.product, ops.problem, staging.product, staging.missing.

select k.product_id
from (
    select l.product_id
    from core.listing as l
    where l.channel = :channel and l.product_id is not null
    union
    select r.product_id
    from raw.product as r
    where r.channel = :channel
    union
    select split_part(p.source, '/', 2)::bigint as product_id
    from ops.problem as p
    where
        p.channel = :channel
        and p.operation = 'import_listings'
        and p.open
        and p.reason <> 'gone_from_store'
        and p.source like 'product/%'
) as k
where
    not exists (
        select 1 from staging.product as s
        where s.product_id = k.product_id
    )
    and not exists (
        select 1 from staging.missing as m
        where m.product_id = k.product_id
    )
order by k.product_id;
