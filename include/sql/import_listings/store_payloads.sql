-- import_listings/load: what core reflects from now on.
-- Reads    staging.product, staging.problem, staging.listing, staging.brand, staging.category, ops.run.
-- Writes   raw.product, raw.brand, raw.category.   Repeat  safe: keyed.
-- A product that left a problem, or names a brand or category that nobody knows, is handled again by the next run.
-- New names of brands and categories are kept only by a complete pull, for only that hands them on to all products.

insert into raw.product as r (channel, product_id, payload, content_hash, reflected, fetched_at)
select
    :channel,
    s.product_id,
    s.payload,
    s.content_hash,
    case
        when t.source is not null or b.product_id is not null then null
        else :reflects
    end,
    s.fetched_at
from staging.product as s
left join (
    select distinct split_part(p.source, '/', 2) as source
    from staging.problem as p
    where p.reason <> 'gone_from_store' and p.source like 'product/%'
) as t on s.product_id::text = t.source
left join (
    select d.product_id
    from staging.listing as d
    where
        (d.brand_id is not null and not exists (
            select 1 from staging.brand as n
            where n.brand_id = d.brand_id
        ))
        or cardinality(
            d.category_ids) > (
            select count(*) from staging.category as c
            where c.category_id = any(d.category_ids)
        )
) as b on s.product_id = b.product_id
where s.payload is not null
on conflict (channel, product_id) do update set
    payload = excluded.payload,
    content_hash = excluded.content_hash,
    reflected = excluded.reflected,
    fetched_at = excluded.fetched_at;

insert into raw.brand as r (channel, brand_id, name)
select
    :channel,
    s.brand_id,
    s.name
from staging.brand as s
on conflict (
    channel, brand_id) do update set name = excluded.name
where r.name <> excluded.name and (
    select o.complete from ops.run as o
    where o.run_no = :run_no
);

insert into raw.category as r (channel, category_id, path)
select
    :channel,
    s.category_id,
    s.path
from staging.category as s
on conflict (
    channel, category_id) do update set path = excluded.path
where r.path <> excluded.path and (
    select o.complete from ops.run as o
    where o.run_no = :run_no
);
