-- import_listings/load: products that a confirming read did not find, and that no new product has replaced.
-- Reads    staging.missing, ops.watermark.   Writes  core.listing, raw.product.   Repeat  safe.
-- Nothing is deleted in the system of record, and nothing is published again unless somebody queues it.

update core.listing as l set
    status = case when l.status = 'delisted' then 'delisted' else 'not_listed' end,
    product_id = null,
    channel_price = null,
    channel_visible = null,
    last_seen = (
        select w.value from ops.watermark as w
        where w.channel = :channel and w.operation = 'import_listings'
    )
from staging.missing as m
where l.channel = :channel and l.product_id = m.product_id;

delete from raw.product as r using staging.missing as m
where r.channel = :channel and r.product_id = m.product_id;
