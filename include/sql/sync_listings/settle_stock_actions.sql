-- sync_listings/load: listings that are hidden by their stock, or shown again by it, once all of it is confirmed.
-- Reads    core.wanted, core.listing_variant.   Writes  core.listing, ops.push.   Repeat  safe: only what is queued.

with done as materialized (
    select
        l.listing_key,
        l.queued_action,
        l.status
    from core.listing as l
    where
        l.channel = :channel
        and not l.paused
        and (
            (l.queued_action = 'hide' and l.status = 'listed' and :hide_as = 'out_of_stock')
            or (l.queued_action in ('hide', 'unhide') and l.status = 'hidden' and l.hidden_as = 'out_of_stock')
        )
        and not exists (
            select 1
            from core.listing_variant as v
            inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
            where
                v.channel = l.channel
                and v.listing_key = l.listing_key
                and v.variant_id is not null
                and (
                    w.quantity is distinct from v.synced_quantity
                    or 'quantity' = any(v.in_doubt)
                    or (l.queued_action = 'hide' and v.channel_quantity is distinct from 0)
                )
        )
        and exists (
            select 1 from core.listing_variant as v
            where v.channel = l.channel and v.listing_key = l.listing_key and v.variant_id is not null and v.synced_quantity is not null
        )
),

changed as (
    update core.listing as l set
        status = case when d.queued_action = 'hide' or l.channel_visible is false then 'hidden' else 'listed' end,
        hidden_as = case
            when d.queued_action = 'hide' then 'out_of_stock'
            when l.channel_visible is false then 'invisible'
        end,
        queued_action = null,
        pushed_at = now()
    from done as d
    where l.channel = :channel and l.listing_key = d.listing_key
)

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail, epoch)
select
    :channel,
    'sync_listings',
    :run_no,
    'listing',
    d.listing_key,
    d.queued_action,
    'done',
    jsonb_build_object('by', 'stock', 'from', jsonb_build_object('status', d.status)),
    :epoch
from done as d;
