-- import_listings/extract: which of some products a first attempt has not staged already.   Reads  staging.product.

select a.product_id
from unnest(cast(:product_ids as bigint[])) as a (product_id)
where
    not exists (
        select 1 from staging.product as s
        where s.product_id = a.product_id
    )
order by a.product_id;
