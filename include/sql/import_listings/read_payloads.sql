-- import_listings/transform: the next products to handle, in order of id.   Reads  staging.product.

select
    product_id,
    payload::text as payload,
    unstorable
from staging.product
where product_id > :after and (payload is not null or unstorable is not null)
order by product_id
limit :most;
