-- import_listings/extract: a brand or category that cannot be read keeps the name that the warehouse knows it by.
-- Reads    raw.brand, raw.category.   Writes  staging.brand, staging.category.   Repeat  safe.

insert into staging.brand (brand_id, name)
select
    r.brand_id,
    r.name
from raw.brand as r
where r.channel = :channel and r.brand_id = any(cast(:brand_ids as bigint[]))
on conflict do nothing;

insert into staging.category (category_id, path)
select
    r.category_id,
    r.path
from raw.category as r
where r.channel = :channel and r.category_id = any(cast(:category_ids as bigint[]))
on conflict do nothing;
