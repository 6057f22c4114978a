-- import_listings/load: products that a confirming read did not find, and that no new product has replaced.
-- Reads    staging.missing, staging.match, ops.watermark.   Writes  core.listing, raw.product.   Repeat  safe.
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

-- A product whose variants have gone over to another listing's rows belongs to that one alone.
update core.listing as l set
    status = case when l.status = 'delisted' then 'delisted' else 'not_listed' end,
    product_id = null,
    channel_price = null,
    channel_visible = null,
    last_seen = (
        select w.value from ops.watermark as w
        where w.channel = :channel and w.operation = 'import_listings'
    )
from staging.match as m
where
    l.channel = :channel
    and l.product_id = m.product_id
    and l.listing_key <> m.listing_key
    and m.product_id not in (select u.product_id from staging.unmatchable as u);

delete from raw.product as r using staging.missing as m
where r.channel = :channel and r.product_id = m.product_id;
