-- sync_orders/extract: orders with shipments to send, of which the store counts other units as shipped than we know of.
-- Reads    core.   Somebody has made or deleted a shipment there: those orders' shipments are read one by one.
-- Only     what the store showed after our own last call counts, and each showing once.

with due as (
    select distinct s.order_id
    from core.shipment as s
    where
        s.channel = :channel
        and s.version <> s.settled_version
        and (:everything or s.order_id = any(cast(:order_ids as bigint[])))
),

known as (
    select
        p.order_id,
        l.order_product_id,
        sum(l.quantity) filter (where p.deleted_at is null) as units
    from core.store_shipment as p
    inner join core.store_shipment_item as l on p.store_shipment_no = l.store_shipment_no
    where p.channel = :channel
    group by p.order_id, l.order_product_id
)

select o.order_id
from due as d
inner join core.sales_order as o on o.channel = :channel and d.order_id = o.order_id
where
    (o.shipments_read_at is null or o.shipments_read_at < o.fetched_at)
    and not exists (
        select 1 from core.store_shipment as p
        where p.channel = :channel and p.order_id = o.order_id and p.pushed_at >= o.fetched_at
    )
    and exists (
        select 1
        from core.order_item as i
        left join known as k on i.order_id = k.order_id and i.order_product_id = k.order_product_id
        where
            i.channel = :channel
            and i.order_id = o.order_id
            and i.fulfilment = 'shipping'
            and i.type = 'physical'
            and i.quantity_shipped <> coalesce(k.units, 0)
    )
order by o.order_id;
