-- import_listings/extract: what core reflects of the products of one page.   Reads  raw.product.

select
    r.product_id,
    r.content_hash,
    r.reflected
from raw.product as r
where r.channel = :channel and r.product_id between :lowest and :highest;
