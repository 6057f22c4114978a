-- import_listings/extract: products staged, and those of them that are new or changed.   Reads  staging.product.

select
    count(*) as products,
    count(*) filter (where payload is not null or unstorable is not null) as changed
from staging.product;
