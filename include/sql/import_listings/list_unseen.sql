-- import_listings/extract: products that the pages did not show and that are to be asked for by id.
-- Of a complete pull: all that the warehouse knows, those that never got a listing but left a payload or a problem among
-- them. Of a pull of what changed: those that are to be handled all the same, for core reflects them under other settings,
-- our own rows changed, or they left a problem.
-- Reads    core.listing, raw.product, ops.problem, staging.product, staging.missing.

select k.product_id
from (
    select l.product_id
    from core.listing as l
    where :complete and l.channel = :channel and l.product_id is not null
    union
    select r.product_id
    from raw.product as r
    where r.channel = :channel and (:complete or r.reflected is distinct from :reflects)
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
