-- sync_orders/extract: an order's shipments as the store shows all of them.
-- Reads    :shown, a JSON array, as it was at :read_at.   Writes  core.store_shipment, store_shipment_item, sales_order.   Repeat  safe: keyed.
-- What the store has no more is marked as deleted; what nobody knew was made by hand.

with shown as (
    select s.*
    from jsonb_to_recordset(cast(:shown as jsonb)) as s (
        id bigint,
        order_address_id bigint,
        tracking_number text,
        shipping_provider text,
        tracking_carrier text,
        tracking_link text,
        shipping_method text,
        created_at timestamptz
    )
)

insert into core.store_shipment as p (
    channel,
    store_shipment_id,
    order_id,
    order_address_id,
    tracking_number,
    shipping_provider,
    tracking_carrier,
    tracking_link,
    shipping_method,
    created_at,
    by_hand
)
select
    :channel,
    s.id,
    :order_id,
    s.order_address_id,
    s.tracking_number,
    s.shipping_provider,
    s.tracking_carrier,
    s.tracking_link,
    s.shipping_method,
    s.created_at,
    true
from shown as s
on conflict (channel, store_shipment_id) do update set
    order_address_id = excluded.order_address_id,
    tracking_number = excluded.tracking_number,
    shipping_provider = excluded.shipping_provider,
    tracking_carrier = excluded.tracking_carrier,
    tracking_link = excluded.tracking_link,
    shipping_method = excluded.shipping_method,
    deleted_at = null
where p.shipment_key is null;

insert into core.store_shipment_item (store_shipment_no, order_product_id, quantity)
select
    p.store_shipment_no,
    l.key::bigint,
    l.value::bigint
from jsonb_to_recordset(cast(:shown as jsonb)) as s (id bigint, lines jsonb)
inner join core.store_shipment as p on p.channel = :channel and s.id = p.store_shipment_id
cross join lateral jsonb_each_text(s.lines) as l
on conflict on constraint store_shipment_item_pkey do update set
    quantity = excluded.quantity
where core.store_shipment_item.quantity <> excluded.quantity;

-- it was read while it was not there, or was not shown: it is there
with back as (
    update core.store_shipment as p set deleted_at = null
    where
        p.channel = :channel
        and p.order_id = :order_id
        and p.deleted_at is not null
        and not p.deleted_by_us
        and p.store_shipment_id in (
            select s.id from jsonb_to_recordset(cast(:shown as jsonb)) as s (id bigint)
        )
    returning p.shipment_key
)

update core.shipment as s set settled_version = 0
from back as b
where s.channel = :channel and s.shipment_key = b.shipment_key;

with gone as (
    update core.store_shipment as p set
        deleted_at = now(),
        -- of what was called off the warehouse wanted it, whoever did it
        deleted_by_us = coalesce(s.cancelled_at is not null, false),
        status_due = coalesce(s.cancelled_at is not null, false)
    from core.store_shipment as x
    left join core.shipment as s on x.channel = s.channel and x.shipment_key = s.shipment_key
    where
        x.store_shipment_no = p.store_shipment_no
        and p.channel = :channel
        and p.order_id = :order_id
        and p.deleted_at is null
        and coalesce(p.pushed_at, '-infinity') < cast(:read_at as timestamptz)
        and p.store_shipment_id is not null
        and p.store_shipment_id not in (
            select s.id from jsonb_to_recordset(cast(:shown as jsonb)) as s (id bigint)
        )
    returning p.shipment_key
)

-- a person has to know: those of the warehouse are looked at again
update core.shipment as s set settled_version = 0
from gone as g
where s.channel = :channel and s.shipment_key = g.shipment_key;

update core.sales_order as o set shipments_read_at = :read_at
where o.channel = :channel and o.order_id = :order_id;
