-- import_listings/extract: how many brands and categories have been renamed or moved since core took their names over.
-- Reads    staging.brand, staging.category, raw.brand, raw.category.

select (
    select count(*)
    from staging.brand as s
    inner join raw.brand as r on r.channel = :channel and s.brand_id = r.brand_id
    where s.name <> r.name
) + (
    select count(*)
    from staging.category as s
    inner join raw.category as r on r.channel = :channel and s.category_id = r.category_id
    where s.path <> r.path
) as renamed;
