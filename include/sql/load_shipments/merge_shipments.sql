-- load_shipments/load: new shipments, and known ones of which the file says something else, or something newer.
-- Grain    (channel, shipment_key).   Reads  staging.   Writes  core.shipment.   Repeat  safe: keyed.
-- Order    what somebody has written meanwhile, with a newer updated_at, stays.
-- A shipment that is not touched here keeps its version, and Sync Orders does not look at it; nor does a newer date raise it.

insert into core.shipment (
    channel, shipment_key, order_id, tracking_number, carrier, shipping_method, tracking_link, shipped_at, cancelled_at,
    updated_at
)
select
    :channel,
    d.shipment_key,
    d.order_id,
    d.tracking_number,
    d.carrier,
    d.shipping_method,
    d.tracking_link,
    d.shipped_at,
    d.cancelled_at,
    d.as_of
from staging.shipment as d
where d.verdict = 'create'
order by d.shipment_key
on conflict (channel, shipment_key) do nothing;

update core.shipment as s set
    order_id = case when 'order_id' = any(d.takes) then d.order_id else s.order_id end,
    tracking_number = case when 'tracking_number' = any(d.takes) then d.tracking_number else s.tracking_number end,
    carrier = case when 'carrier' = any(d.takes) then d.carrier else s.carrier end,
    shipping_method = case when 'shipping_method' = any(d.takes) then d.shipping_method else s.shipping_method end,
    tracking_link = case when 'tracking_link' = any(d.takes) then d.tracking_link else s.tracking_link end,
    shipped_at = case when 'shipped_at' = any(d.takes) then d.shipped_at else s.shipped_at end,
    cancelled_at = case when 'cancelled_at' = any(d.takes) then d.cancelled_at else s.cancelled_at end,
    updated_at = d.as_of
from staging.shipment as d
where
    s.channel = :channel
    and s.shipment_key = d.shipment_key
    and (d.verdict = 'update' or (d.verdict = 'same' and d.dated))
    and (s.updated_at is null or s.updated_at < d.as_of);
