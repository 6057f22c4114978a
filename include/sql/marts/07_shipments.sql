-- core.unsent_shipment; mart.shipments, unsent_shipments, orders_shipped_late: what left, what of it the store has, and what
-- is late.

create or replace view core.unsent_shipment as
select
    s.channel,
    s.order_id,
    s.shipment_key,
    case
        when c.state is not null then c.state
        when h.reason is not null then 'refused'
        else 'pending'
    end as state,
    h.reason,
    h.message,
    coalesce(w.units, 0) - coalesce(p.units, 0) as units,
    s.tracking_number,
    s.carrier,
    s.tracking_link,
    s.shipping_method,
    s.shipped_at,
    s.created_at
from core.shipment as s
left join lateral (
    select sum(i.quantity) as units from core.shipment_item as i
    where i.channel = s.channel and i.shipment_key = s.shipment_key
) as w on true
left join lateral (
    select sum(l.quantity) as units
    from core.store_shipment as x
    inner join core.store_shipment_item as l on x.store_shipment_no = l.store_shipment_no
    where x.channel = s.channel and x.shipment_key = s.shipment_key and x.deleted_at is null
) as p on true
left join lateral (
    select x.state from ops.push as x
    where
        x.channel = s.channel
        and x.entity = 'shipment'
        and x.entity_key = s.shipment_key
        and x.action = 'create'
        and x.state in ('pending', 'sending', 'unknown')
) as c on true
left join lateral (
    select
        o.reason,
        o.message
    from ops.problem as o
    where
        o.channel = s.channel
        and o.operation = 'sync_orders'
        and o.entity = 'shipment'
        and o.entity_key = s.shipment_key
        and o.open
    order by o.first_seen, o.reason
    limit 1
) as h on true
where
    s.version <> s.settled_version
    and (s.cancelled_at is null or c.state is not null)
    and (p.units is null or p.units < w.units);

comment on view core.unsent_shipment is 'Shipments that the store does not have, or not all of; by the index of what waits, however many lie in the past.';
comment on column core.unsent_shipment.channel is 'The store, by its channel''s name.';
comment on column core.unsent_shipment.order_id is 'The store''s order.';
comment on column core.unsent_shipment.shipment_key is 'The shipment.';
comment on column core.unsent_shipment.state is 'As in mart.shipments.';
comment on column core.unsent_shipment.reason is 'As in mart.shipments.';
comment on column core.unsent_shipment.message is 'As in mart.shipments.';
comment on column core.unsent_shipment.units is 'Units that the store does not have.';
comment on column core.unsent_shipment.tracking_number is 'Its tracking number.';
comment on column core.unsent_shipment.carrier is 'Its carrier.';
comment on column core.unsent_shipment.tracking_link is 'Where the shopper would follow it.';
comment on column core.unsent_shipment.shipping_method is 'How it travels.';
comment on column core.unsent_shipment.shipped_at is 'When it left; null: not said.';
comment on column core.unsent_shipment.created_at is 'When the warehouse first had it.';

create or replace view mart.shipments as
select
    p.channel,
    p.order_id,
    p.shipment_key,
    p.store_shipment_id,
    nullif(p.tracking_number, '') as tracking_number,
    coalesce(s.carrier, nullif(p.shipping_provider, ''), nullif(p.tracking_carrier, '')) as carrier,
    case
        when p.deleted_at is not null then 'deleted'
        when p.shipment_key is null then 'by_hand'
        when p.adopted then 'adopted'
        else 'done'
    end as state,
    p.pushed_at,
    h.reason,
    h.message,
    coalesce(s.version = s.settled_version, true) as in_sync,
    w.units,
    p.order_address_id,
    nullif(p.tracking_link, '') as tracking_link,
    coalesce(s.shipping_method, p.shipping_method) as shipping_method,
    coalesce(s.shipped_at, p.created_at) as shipped_at,
    s.cancelled_at,
    coalesce(s.created_at, p.created_at) as created_at
from core.store_shipment as p
left join core.shipment as s on p.channel = s.channel and p.shipment_key = s.shipment_key
left join lateral (
    select sum(l.quantity) as units from core.store_shipment_item as l
    where l.store_shipment_no = p.store_shipment_no
) as w on true
left join lateral (
    select
        o.reason,
        o.message
    from ops.problem as o
    where
        o.channel = p.channel
        and o.operation = 'sync_orders'
        and o.entity = 'shipment'
        and o.entity_key = p.shipment_key
        and o.open
    order by o.first_seen, o.reason
    limit 1
) as h on true
union all
select
    u.channel,
    u.order_id,
    u.shipment_key,
    null as store_shipment_id,
    u.tracking_number,
    u.carrier,
    u.state,
    null as pushed_at,
    u.reason,
    u.message,
    false as in_sync,
    u.units,
    null as order_address_id,
    u.tracking_link,
    u.shipping_method,
    u.shipped_at,
    null as cancelled_at,
    u.created_at
from core.unsent_shipment as u
union all
select
    s.channel,
    s.order_id,
    s.shipment_key,
    null as store_shipment_id,
    s.tracking_number,
    s.carrier,
    'cancelled' as state,
    null as pushed_at,
    null as reason,
    null as message,
    s.version = s.settled_version as in_sync,
    w.units,
    null as order_address_id,
    s.tracking_link,
    s.shipping_method,
    s.shipped_at,
    s.cancelled_at,
    s.created_at
from core.shipment as s
left join lateral (
    select sum(i.quantity) as units from core.shipment_item as i
    where i.channel = s.channel and i.shipment_key = s.shipment_key
) as w on true
where
    s.cancelled_at is not null
    and not exists (
        select 1 from core.store_shipment as p
        where p.channel = s.channel and p.shipment_key = s.shipment_key
    )
    and not exists (
        select 1 from core.unsent_shipment as u
        where u.channel = s.channel and u.shipment_key = s.shipment_key
    );

comment on view mart.shipments is 'One row a shipment and shipping address: what the store has of it, or why it has not. Shipments made by hand in the store have no shipment_key.';
comment on column mart.shipments.channel is 'The store, by its channel''s name.';
comment on column mart.shipments.order_id is 'The store''s order.';
comment on column mart.shipments.shipment_key is 'The shipment in the warehouse; null: made by hand in the store.';
comment on column mart.shipments.store_shipment_id is 'The store''s id; null: the store does not have it, or nobody knows.';
comment on column mart.shipments.tracking_number is 'As the store has it; of what it does not have, as the warehouse has it.';
comment on column mart.shipments.carrier is 'As the warehouse names it; where it does not, as the store does.';
comment on column mart.shipments.state is 'pending: not sent yet. sending: its call may be under way, the next run looks. done: the store confirmed it. adopted: it was found in the store. refused: it is not sent, reason says why. unknown: a person has to say whether it was sent (settle). cancelled: called off before it was sent. deleted: the store has it no more. by_hand: made in the store.';
comment on column mart.shipments.pushed_at is 'When the store last confirmed a call about it; null: it never did.';
comment on column mart.shipments.reason is 'The reason code of its oldest open problem; null: it has none.';
comment on column mart.shipments.message is 'That problem in words, and what mends it.';
comment on column mart.shipments.in_sync is 'False while something of it waits to be sent.';
comment on column mart.shipments.units is 'Units in it; of a shipment that was sent in part, those that were not.';
comment on column mart.shipments.order_address_id is 'The order''s shipping address that it goes to; null: it was not sent.';
comment on column mart.shipments.tracking_link is 'Where the shopper follows it.';
comment on column mart.shipments.shipping_method is 'How it travels.';
comment on column mart.shipments.shipped_at is 'When it left; where nobody says, when the store made it.';
comment on column mart.shipments.cancelled_at is 'When it was called off; null: it was not.';
comment on column mart.shipments.created_at is 'When the warehouse first had it.';

create or replace view mart.unsent_shipments as
select
    u.channel,
    u.order_id,
    u.shipment_key,
    u.state,
    u.reason,
    coalesce(u.shipped_at, u.created_at) as since,
    round(extract(epoch from now() - coalesce(u.shipped_at, u.created_at)) / 3600, 1) as age_hours,
    case
        when now() - coalesce(u.shipped_at, u.created_at) < interval '1 hour' then 'under 1 hour'
        when now() - coalesce(u.shipped_at, u.created_at) < interval '1 day' then '1 to 24 hours'
        when now() - coalesce(u.shipped_at, u.created_at) < interval '3 days' then '1 to 3 days'
        else 'over 3 days'
    end as age,
    u.units,
    u.tracking_number,
    u.carrier
from core.unsent_shipment as u;

comment on view mart.unsent_shipments is 'One row a shipment that has left and that the store does not have: its shopper knows nothing of it.';
comment on column mart.unsent_shipments.channel is 'The store, by its channel''s name.';
comment on column mart.unsent_shipments.order_id is 'The store''s order.';
comment on column mart.unsent_shipments.shipment_key is 'The shipment.';
comment on column mart.unsent_shipments.state is 'As in mart.shipments.';
comment on column mart.unsent_shipments.reason is 'As in mart.shipments.';
comment on column mart.unsent_shipments.since is 'When it left; where nobody says, when the warehouse first had it.';
comment on column mart.unsent_shipments.age_hours is 'How long ago that was.';
comment on column mart.unsent_shipments.age is 'The same as one of four: under 1 hour, 1 to 24 hours, 1 to 3 days, over 3 days.';
comment on column mart.unsent_shipments.units is 'Units in it.';
comment on column mart.unsent_shipments.tracking_number is 'Its tracking number.';
comment on column mart.unsent_shipments.carrier is 'Its carrier.';

create or replace view mart.orders_shipped_late as
with allowed as (
    select
        c.channel,
        make_interval(hours => coalesce((c.rules ->> 'late_after_hours')::integer, 48)) as within
    from ops.channel as c
)

select
    o.channel,
    o.order_id,
    o.status_id,
    o.status,
    o.created_at,
    o.shipped_at,
    round(extract(epoch from coalesce(o.shipped_at, now()) - o.created_at) / 3600, 1) as hours,
    round(extract(epoch from coalesce(o.shipped_at, now()) - o.created_at - a.within) / 3600, 1) as hours_late,
    case when o.shipped_at is null then i.units else 0 end as items_open
from mart.orders as o
inner join allowed as a on o.channel = a.channel
inner join lateral (
    select sum(greatest(l.quantity - l.quantity_shipped, 0)) as units
    from core.order_item as l
    where
        l.channel = o.channel
        and l.order_id = o.order_id
        and l.fulfilment = 'shipping'
        and l.type = 'physical'
) as i on i.units is not null
where
    coalesce(o.shipped_at, now()) - o.created_at > a.within
    and not o.deleted
    -- of the others nothing is to be shipped, or not yet
    and (o.shipped_at is not null or o.status_id in (3, 9, 11, 14));

comment on view mart.orders_shipped_late is 'One row an order that took longer to ship completely than sync_orders.late_after_hours allows, or is still to be shipped (awaiting fulfillment or shipment, partially shipped or refunded) after it; by its physical lines.';
comment on column mart.orders_shipped_late.channel is 'The store, by its channel''s name.';
comment on column mart.orders_shipped_late.order_id is 'The store''s order.';
comment on column mart.orders_shipped_late.status_id is 'BigCommerce''s id of the status.';
comment on column mart.orders_shipped_late.status is 'BigCommerce''s own name of it.';
comment on column mart.orders_shipped_late.created_at is 'When it was placed.';
comment on column mart.orders_shipped_late.shipped_at is 'When it was fully shipped, as the store says; null: it is still open.';
comment on column mart.orders_shipped_late.hours is 'From the one to the other, or until now.';
comment on column mart.orders_shipped_late.hours_late is 'How much of that is too much.';
comment on column mart.orders_shipped_late.items_open is 'Physical units not shipped.';
