-- mart.push_history, mart.sync_status: what was sent to the stores, and why something is not.

create or replace view mart.push_history as
select
    p.channel,
    p.operation,
    r.run_id,
    p.entity,
    p.entity_key,
    p.action,
    p.state,
    p.detail,
    p.sent_at,
    p.settled_at
from ops.push as p
inner join ops.run as r on p.run_no = r.run_no;

comment on view mart.push_history is 'What was sent to a store and what became of it; of dry runs, what would have been sent.';
comment on column mart.push_history.channel is 'The store, by its channel''s name.';
comment on column mart.push_history.operation is 'The operation that sent it.';
comment on column mart.push_history.run_id is 'The run that sent it.';
comment on column mart.push_history.entity is 'variant, listing, shipment or order.';
comment on column mart.push_history.entity_key is 'The master SKU of a variant, else the listing''s or the shipment''s key, or the order''s id.';
comment on column mart.push_history.action is 'set_fields, set_stock, track_stock, hide, unhide or delist (sync); create, link or overwrite (publish), whose prices and stock go as set_fields and set_stock; create, adopt, update or delete of a shipment, set_status of an order (shipments).';
comment on column mart.push_history.state is 'dry_run: never sent. sending: its call may be under way. done: the store confirmed it. adopted: its answer was lost, and what it did was found in the store. refused: it said no, or the call took no effect (reason). unknown: it may have taken effect; the next run sends what is wanted then, and of what creates it looks first.';
comment on column mart.push_history.detail is 'What was sent ("to"), what the warehouse took the store to have before ("from"), and the store''s "reason" where it refused.';
comment on column mart.push_history.sent_at is 'When its call began; null: it was never sent.';
comment on column mart.push_history.settled_at is 'When its outcome was recorded.';

create or replace view mart.sync_status as
with held as (
    select
        o.channel,
        o.entity,
        o.entity_key,
        -- what holds it back comes before what only tells of it
        (
            array_agg(
                o.reason
                order by
                    o.reason in ('negative_quantity', 'stock_not_confirmed', 'unsent_change_overwritten'),
                    o.first_seen,
                    o.reason
            )
        )[1] as reason
    from ops.problem as o
    where
        o.open
        and o.operation in ('sync_listings', 'import_listings', 'publish_listings')
        -- these only tell what was done to publish it
        and o.reason not in ('attribute_truncated', 'attribute_skipped', 'partly_saved', 'variant_not_in_store')
    group by o.channel, o.entity, o.entity_key
)

select
    v.channel,
    v.master_sku,
    v.in_sync,
    case
        when v.status = 'delisted' then 'delisted'
        when v.variant_id is null and v.paused and l.queued_action is not null then 'paused'
        when v.variant_id is null then coalesce(p.reason, q.reason, 'waiting_to_' || l.queued_action, 'not_listed')
        when v.paused and not v.in_sync then 'paused'
        when p.reason is not null or q.reason is not null then coalesce(p.reason, q.reason)
        when not v.in_sync then coalesce('waiting_to_' || l.queued_action, 'waiting')
        when v.drift then 'drift'
        when not v.linked then 'unlinked'
    end as reason
from mart.listing_variants as v
inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
left join held as p on p.entity = 'variant' and v.channel = p.channel and v.master_sku = p.entity_key
left join held as q on q.entity = 'listing' and v.channel = q.channel and v.listing_key = q.entity_key;

comment on view mart.sync_status is 'One row a variant: whether something of it waits to be sent, and why it is not.';
comment on column mart.sync_status.channel is 'The store, by its channel''s name.';
comment on column mart.sync_status.master_sku is 'The variant.';
comment on column mart.sync_status.in_sync is 'False while something waits to be sent.';
comment on column mart.sync_status.reason is 'not_listed, delisted, paused; the reason code of an open problem (price_held, refused_by_store, ...); waiting: for the next sync; waiting_to_hide and the like: for a queued action; drift: the store shows something else than what was agreed; unlinked: no inventory item decides it; null: linked, and nothing to send.';

comment on column ops.approval.entity_key is 'The listing''s key; of zeroed and of a price, the master SKU.';
comment on column ops.approval.guard is 'Which guard it ran into: zeroed, hidden, delisted, price or sale_price.';
