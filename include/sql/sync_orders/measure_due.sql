-- sync_orders/extract: whether there is anything to send, to find out or to look at.
-- Reads    core.shipment, core.store_shipment, ops.push.   Answers  one row; zeros: no call is needed.

select
    (
        select count(*) from core.shipment as s
        where
            s.channel = :channel
            and s.version <> s.settled_version
            and (:everything or s.order_id = any(cast(:order_ids as bigint[])))
    ) as shipments,
    (
        select count(*) from ops.push as p
        where
            p.channel = :channel
            and p.entity = 'shipment'
            and p.action = 'create'
            and p.state in ('pending', 'sending', 'unknown')
    ) as intents,
    (
        select count(distinct p.order_id) from core.store_shipment as p
        where p.channel = :channel and p.status_due
    ) as statuses;
