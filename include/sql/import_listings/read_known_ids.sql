-- import_listings/extract: where to cut the ids between two bounds, so that each stretch holds about as many products.
-- Reads    raw.product.   Returns  one row; null where the channel is new.

select percentile_disc(cast(:fractions as double precision[])) within group (order by r.product_id) as cuts
from raw.product as r
where r.channel = :channel and r.product_id > :after and r.product_id < :before
having count(*) >= 1000;
