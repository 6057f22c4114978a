-- sync_listings/load: the store has confirmed changes of products: a price that variants inherit, tracking, visibility.
-- Reads    staging.plan, raw.product.   Writes  core.listing, core.listing_variant.   Repeat  safe: it sets what was sent.

update core.listing as l set
    channel_price = coalesce(c.price, l.channel_price),
    inventory_tracking = coalesce(c.tracking, l.inventory_tracking),
    channel_visible = coalesce(c.visible, l.channel_visible),
    status = case
        when c.hides then 'hidden'
        when c.shows then case when coalesce(c.visible, l.channel_visible, true) then 'listed' else 'hidden' end
        else l.status
    end,
    hidden_as = case
        when c.hides then case when c.visible is null then 'unavailable' else 'invisible' end
        when c.shows then case when not coalesce(c.visible, l.channel_visible, true) then 'invisible' end
        else l.hidden_as
    end,
    available_as = case
        when c.hides and c.visible is null
            then (
                select nullif(r.payload ->> 'availability', 'disabled') from raw.product as r
                where r.channel = l.channel and r.product_id = l.product_id
            )
        when not c.shows then l.available_as
    end,
    queued_action = case
        when (c.hides and l.queued_action = 'hide') or (c.shows and l.queued_action = 'unhide') then null
        else l.queued_action
    end,
    pushed_at = case when c.hides or c.shows then now() else l.pushed_at end
from (
    select
        p.listing_key,
        max((p.sent ->> 'price')::numeric) as price,
        max(p.sent ->> 'inventory_tracking') as tracking,
        bool_or((p.sent ->> 'is_visible')::boolean) as visible,
        bool_or(p.action = 'hide') as hides,
        bool_or(p.action = 'unhide') as shows
    from staging.plan as p
    where p.plan_no = any(cast(:plan_nos as bigint[]))
    group by p.listing_key
) as c
where l.channel = :channel and l.listing_key = c.listing_key;

-- the store now shows the product's price for each variant that has none of its own, named in the plan or not
update core.listing_variant as v set
    synced_price = c.price,
    channel_price = c.price,
    synced_at = now(),
    in_doubt = array_remove(v.in_doubt, 'price')
from (
    select
        p.listing_key,
        max((p.sent ->> 'price')::numeric) as price
    from staging.plan as p
    where p.plan_no = any(cast(:plan_nos as bigint[])) and p.sent ? 'price'
    group by p.listing_key
) as c
where v.channel = :channel and v.listing_key = c.listing_key and v.variant_id is not null and v.channel_price_inherited;
