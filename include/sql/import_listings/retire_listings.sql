-- import_listings/load: products that a confirming read did not find, and that no new product has replaced.
-- Reads    staging.missing, staging.match, ops.watermark.   Writes  core.listing, raw.product.   Repeat  safe.
-- Nothing is deleted in the system of record, and nothing is published again unless somebody queues it.

with former as ( -- gone from the store, or gone over to another listing's rows: then it belongs to that one alone
    select
        g.product_id,
        null as kept_by
    from staging.missing as g
    union all
    select distinct
        m.product_id,
        m.listing_key
    from staging.match as m
    where m.product_id not in (select u.product_id from staging.unmatchable as u)
)

update core.listing as l set
    -- one that a sync has deleted, without hearing of it, is gone as somebody wanted
    status = case when l.status = 'delisted' or l.queued_action = 'delist' then 'delisted' else 'not_listed' end,
    queued_action = case when l.queued_action is distinct from 'delist' then l.queued_action end,
    product_id = null,
    channel_price = null,
    channel_visible = null,
    last_seen = (
        select w.value from ops.watermark as w
        where w.channel = :channel and w.operation = 'import_listings'
    )
from former as f
where l.channel = :channel and l.product_id = f.product_id and (l.listing_key is distinct from f.kept_by);

delete from raw.product as r using staging.missing as m
where r.channel = :channel and r.product_id = m.product_id;
