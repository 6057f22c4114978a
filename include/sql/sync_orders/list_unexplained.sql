-- sync_orders/extract: orders with shipments to send, of which the store counts other units as shipped than we know of.
-- Reads    core.   Somebody has made or deleted a shipment there: those orders' shipments are read one by one.
-- Only     what the store showed after our own last call counts, and each showing once.

with due as materialized (
    select
        o.order_id,
        o.fetched_at
    from core.sales_order as o
    where
        o.channel = :channel
        and o.order_id in (
            select s.order_id
            from core.shipment as s
            where
                s.channel = :channel
                and s.version <> s.settled_version
                and (:everything or s.order_id = any(cast(:order_ids as bigint[])))
        )
        and (o.shipments_read_at is null or o.shipments_read_at < o.fetched_at)
),

known as materialized (
    select
        d.order_id,
        l.order_product_id,
        sum(l.quantity) as units
    from due as d
    inner join core.store_shipment as p on p.channel = :channel and d.order_id = p.order_id and p.deleted_at is null
    inner join core.store_shipment_item as l on p.store_shipment_no = l.store_shipment_no
    group by d.order_id, l.order_product_id
)

select d.order_id
from due as d
where
    not exists (
        select 1 from core.store_shipment as p
        where p.channel = :channel and p.order_id = d.order_id and p.pushed_at >= d.fetched_at
    )
    and exists (
        select 1
        from core.order_item as i
        left join known as k on i.order_id = k.order_id and i.order_product_id = k.order_product_id
        where
            i.channel = :channel
            and i.order_id = d.order_id
            and i.fulfilment = 'shipping'
            and i.type = 'physical'
            and i.quantity_shipped <> coalesce(k.units, 0)
    )
order by d.order_id;
