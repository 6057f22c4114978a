-- import_listings/transform: a variant of several products belongs to the one that has it in the warehouse, else to the
-- lowest id; nothing of the others is loaded.
-- Reads    staging.variant, staging.listing, staging.product, core.   Writes  staging.variant, staging.listing,
--          staging.problem.   Repeat  safe.

with held as ( -- kept: its holder is in the store and was not read anew, for it has not changed or cannot be read
    select
        s.variant_id,
        s.product_id,
        l.product_id as holder_id,
        p.product_id is not null and d.product_id is null as kept
    from staging.variant as s
    inner join core.listing_variant as v on v.channel = :channel and s.variant_id = v.variant_id
    inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
    left join staging.product as p on l.product_id = p.product_id
    left join staging.listing as d on l.product_id = d.product_id
),

shared as (
    select s.variant_id
    from staging.variant as s
    group by s.variant_id
    having count(*) > 1
),

claims as (
    select
        s.variant_id,
        s.product_id,
        first_value(s.product_id) over (
            partition by s.variant_id
            order by coalesce(h.holder_id = s.product_id, false) desc, s.product_id asc
        ) as owner_id
    from staging.variant as s
    left join held as h on s.variant_id = h.variant_id and s.product_id = h.product_id
    inner join shared as t on s.variant_id = t.variant_id
    union all
    select
        h.variant_id,
        h.product_id,
        h.holder_id
    from held as h
    where h.kept
),

wrong as (
    select distinct on (c.product_id)
        c.product_id,
        c.variant_id,
        c.owner_id
    from claims as c
    where c.product_id <> c.owner_id
    order by c.product_id, c.variant_id
),

variants as (
    delete from staging.variant as s using wrong as w
    where s.product_id = w.product_id
),

listings as (
    delete from staging.listing as d using wrong as w
    where d.product_id = w.product_id
)

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'product',
    w.product_id::text,
    'invalid_record',
    format('Product %s cannot be read: its variant %s is also a variant of product %s.', w.product_id, w.variant_id, w.owner_id),
    format('product/%s', w.product_id)
from wrong as w;
