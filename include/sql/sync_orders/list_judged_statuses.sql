-- sync_orders/load: orders of which something was sent or deleted, and the status that each should have.
-- Reads    core.
-- wanted   null: none is set. 3 while lines remain, the final one when all physical lines have shipped. What was refunded
--          before anything of its line shipped does not ship any more; afterwards it may have come back. An order that a person has cancelled, refunded or disputed, or completed, keeps its status.
--          Of one whose shipments were deleted: 3 while others remain, else what it had before any was sent.

with due as (
    select
        p.order_id,
        max(p.pushed_at) as pushed_at,
        bool_or(p.deleted_by_us) as deleted
    from core.store_shipment as p
    where
        p.channel = :channel
        and p.status_due
        and (:everything or p.order_id = any(cast(:order_ids as bigint[])))
    group by p.order_id
),

line as (
    select
        i.order_id,
        bool_and(i.quantity_shipped + case
            when i.quantity_shipped = 0 then i.quantity_refunded
            else coalesce(r.units, 0)
        end >= i.quantity) as complete,
        bool_or(i.quantity_shipped > 0) as begun
    from core.order_item as i
    inner join due as d on i.order_id = d.order_id
    left join lateral (
        select sum(u.quantity) as units
        from core.refund as f
        inner join core.refund_item as u on f.channel = u.channel and f.refund_id = u.refund_id
        where
            f.channel = :channel
            and f.order_id = i.order_id
            and u.item_type = 'PRODUCT'
            and u.item_id = i.order_product_id
            and f.created_at < (
                select min(p.created_at)
                from core.store_shipment as p
                inner join core.store_shipment_item as l on p.store_shipment_no = l.store_shipment_no
                where
                    p.channel = :channel
                    and p.order_id = i.order_id
                    and l.order_product_id = i.order_product_id
            )
    ) as r on true
    where i.channel = :channel and i.fulfilment = 'shipping' and i.type = 'physical'
    group by i.order_id
)

select
    d.order_id,
    o.status_id,
    coalesce(o.fetched_at > d.pushed_at, false) as fresh,
    case
        when o.deleted or o.status_id in (0, 4, 5, 6, 13) then null
        when l.complete and (o.status_id = :shipped_status or o.status_id = 10) then null
        when l.complete then :shipped_status
        when l.begun and (o.status_id = 3 or (o.status_id in (2, 10, :shipped_status) and not d.deleted)) then null
        when l.begun then 3
        when d.deleted and o.status_id in (2, 3, :shipped_status) then coalesce((
            select h.status_id from core.order_status_change as h
            where h.channel = :channel and h.order_id = d.order_id and h.status_id not in (0, 2, 3, 10, :shipped_status)
            order by h.changed_at desc
            limit 1
        ), 11)
    end as wanted
from due as d
left join core.sales_order as o on o.channel = :channel and d.order_id = o.order_id
left join line as l on d.order_id = l.order_id
order by d.order_id;
