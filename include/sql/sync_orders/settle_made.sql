-- sync_orders/load: the store has made a shipment.   Writes  core.store_shipment, store_shipment_item.   Repeat  safe: keyed.
-- What an extraction saw meanwhile and took for made by hand is the warehouse's from now on.

insert into core.store_shipment as p (
    channel,
    store_shipment_id,
    order_id,
    order_address_id,
    shipment_key,
    tracking_number,
    shipping_provider,
    tracking_carrier,
    tracking_link,
    shipping_method,
    adopted,
    status_due,
    created_at,
    pushed_at
)
values (
    :channel,
    :store_shipment_id,
    :order_id,
    :order_address_id,
    :shipment_key,
    coalesce(cast(:payload as jsonb) ->> 'tracking_number', ''),
    coalesce(cast(:payload as jsonb) ->> 'shipping_provider', ''),
    coalesce(cast(:payload as jsonb) ->> 'tracking_carrier', ''),
    coalesce(cast(:payload as jsonb) ->> 'tracking_link', ''),
    cast(:payload as jsonb) ->> 'shipping_method',
    :adopted,
    true,
    :created_at,
    clock_timestamp()
)
on conflict (channel, store_shipment_id) do update set
    shipment_key = excluded.shipment_key,
    tracking_number = excluded.tracking_number,
    shipping_provider = excluded.shipping_provider,
    tracking_carrier = excluded.tracking_carrier,
    tracking_link = excluded.tracking_link,
    shipping_method = excluded.shipping_method,
    adopted = excluded.adopted,
    status_due = true,
    pushed_at = excluded.pushed_at,
    by_hand = false,
    deleted_at = null;

insert into core.store_shipment_item (store_shipment_no, order_product_id, quantity)
select
    p.store_shipment_no,
    l.key::bigint,
    l.value::bigint
from core.store_shipment as p
cross join lateral jsonb_each_text(cast(:lines as jsonb)) as l
where
    p.channel = :channel
    and p.shipment_key = :shipment_key
    and p.order_address_id = :order_address_id
    and p.deleted_at is null
on conflict (store_shipment_no, order_product_id) do nothing;
