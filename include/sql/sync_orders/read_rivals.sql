-- sync_orders/load: what else an order's shipments may be, when one is looked for whose answer was lost.   Reads  core.
-- Answers  one row: ids of the store's shipments that are others'; tracking numbers of the order's other shipments in the
--          warehouse; and the tracking number that the one looked for has by now.

select
    coalesce((
        select array_agg(p.store_shipment_id)
        from core.store_shipment as p
        where
            p.channel = :channel
            and p.order_id = :order_id
            and p.shipment_key is not null
            and p.store_shipment_id is not null
    ), '{}') as taken,
    coalesce((
        select array_agg(s.tracking_number)
        from core.shipment as s
        where
            s.channel = :channel
            and s.order_id = :order_id
            and s.shipment_key <> :shipment_key
            and btrim(s.tracking_number) <> ''
    ), '{}') as others,
    (
        select s.tracking_number from core.shipment as s
        where s.channel = :channel and s.shipment_key = :shipment_key
    ) as present;
