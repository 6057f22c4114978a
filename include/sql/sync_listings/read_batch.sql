-- sync_listings/load: a batch of the plan, as far as it is still wanted: somebody may have paused or edited meanwhile.
-- Reads    staging.plan, core.listing, core.wanted.

select
    p.plan_no,
    p.entity,
    p.entity_key,
    p.action,
    p.product_id,
    p.variant_id,
    p.sent
from staging.plan as p
inner join core.listing as l on l.channel = :channel and p.listing_key = l.listing_key
left join core.wanted as w on p.entity = 'variant' and w.channel = :channel and p.entity_key = w.master_sku
where
    p.call = :call
    and p.batch = :batch
    and l.product_id = p.product_id
    and not l.paused
    and case p.action
        when 'set_stock' then w.quantity = p.wanted_quantity
        when 'set_fields' then not p.sent ? 'price' or w.price = (p.sent ->> 'price')::numeric
        when 'track_stock' then true
        else l.queued_action = p.action
    end
order by p.plan_no;
