-- import_listings/extract: a product that was asked for by its id and is not there.

insert into staging.missing (product_id)
select unnest(cast(:product_ids as bigint[])) as product_id
on conflict do nothing;
