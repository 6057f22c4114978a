-- publish_listings/load: variants whose stock or price is to follow what was published or written over, by this run or by
-- one that did not come so far.
-- Reads    ops.push, core.listing, core.listing_variant, core.wanted.

select
    v.master_sku,
    bool_or(p.action = 'overwrite') as overwritten
from core.listing as l
inner join ops.push as p
    on
        l.channel = p.channel
        and l.listing_key = p.entity_key
        and p.operation = 'publish_listings'
        and p.entity = 'listing'
        and p.action in ('create', 'overwrite')
        and p.state in ('done', 'adopted')
inner join core.listing_variant as v on l.channel = v.channel and l.listing_key = v.listing_key
inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
where
    l.channel = :channel
    and not l.paused
    and v.variant_id is not null
    -- what is queued is another run's to do
    and (l.queued_action is null or l.queued_action in ('publish', 'overwrite'))
    and (:everything or p.run_no = :run_no or lower(v.master_sku) = any(cast(:skus as text[])))
    and (
        p.run_no = :run_no
        or (v.synced_quantity is null and w.quantity is not null)
        or (v.synced_price is null and w.price is not null)
        or v.in_doubt <> '{}'
    )
group by v.master_sku
order by v.master_sku;
