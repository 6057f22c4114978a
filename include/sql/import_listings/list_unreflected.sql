-- import_listings/extract: products that the store does not say to have changed, and that are to be handled all the same:
-- core reflects them under other settings, our own rows changed, or they left a problem.
-- Reads    raw.product, ops.problem, staging.product.

select k.product_id
from (
    select r.product_id
    from raw.product as r
    where r.channel = :channel and r.reflected is distinct from :reflects
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
order by k.product_id;
