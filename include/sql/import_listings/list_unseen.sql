-- import_listings/extract: products that the warehouse knows and the complete pull did not show.
-- Reads    core.listing, staging.product, staging.missing.

select distinct l.product_id
from core.listing as l
where
    l.channel = :channel
    and l.product_id is not null
    and not exists (
        select 1 from staging.product as s
        where s.product_id = l.product_id
    )
    and not exists (
        select 1 from staging.missing as m
        where m.product_id = l.product_id
    )
order by l.product_id;
