-- sync_orders/transform: orders with shipments to send, as the warehouse has them, some at a time.
-- Reads    core, mart.order_items, ops.channel, ops.problem, ops.push.
-- Answers  one row an order: a JSON object in the shape of transforms/sync_orders.Order.
-- shipped  units that have left: as the store counts them or, where a call was confirmed since, as we know.

with due as materialized (
    select
        s.order_id,
        s.shipment_key,
        s.version,
        s.tracking_number,
        s.carrier,
        s.shipping_method,
        s.tracking_link,
        s.shipped_at,
        s.created_at,
        s.cancelled_at is not null as cancelled,
        exists(
            select 1 from ops.push as p
            where
                p.channel = :channel
                and p.entity = 'shipment'
                and p.entity_key = s.shipment_key
                and p.action = 'create'
                and p.state in ('pending', 'sending', 'unknown')
        ) as undecided,
        exists(
            select 1 from ops.problem as o
            where
                o.channel = :channel
                and o.operation = 'sync_orders'
                and o.open
                and o.entity = 'shipment'
                and o.entity_key = s.shipment_key
                and o.reason in ('refused_by_store', 'unknown_outcome')
        ) as retried
    from core.shipment as s
    where
        s.channel = :channel
        and s.version <> s.settled_version
        and s.order_id in (
            select distinct c.order_id from core.shipment as c
            where
                c.channel = :channel
                and c.version <> c.settled_version
                and c.order_id > :after
                and (:everything or c.order_id = any(cast(:order_ids as bigint[])))
            order by c.order_id
            limit :most
        )
),

item as (
    select
        i.shipment_key,
        jsonb_agg(
            jsonb_build_object(
                'order_product_id', i.order_product_id, 'master_sku', i.master_sku, 'quantity', i.quantity
            )
            order by i.item_no
        ) as items
    from core.shipment_item as i
    where i.channel = :channel and i.shipment_key in (select d.shipment_key from due as d)
    group by i.shipment_key
),

chosen as (
    select p.store_shipment_no from core.store_shipment as p
    where p.channel = :channel and p.order_id in (select d.order_id from due as d)
    union
    select p.store_shipment_no from core.store_shipment as p
    where p.channel = :channel and p.shipment_key in (select d.shipment_key from due as d)
),

parcel as materialized (
    select
        p.order_id,
        p.shipment_key,
        p.store_shipment_no,
        p.deleted_at,
        p.deleted_by_us,
        p.pushed_at,
        coalesce(
            jsonb_object_agg(l.order_product_id, l.quantity) filter (where l.order_product_id is not null), '{}'
        ) as lines,
        jsonb_build_object(
            'store_shipment_no', p.store_shipment_no,
            'store_shipment_id', p.store_shipment_id,
            'order_id', p.order_id,
            'order_address_id', p.order_address_id,
            'tracking_number', p.tracking_number,
            'shipping_provider', p.shipping_provider,
            'tracking_carrier', p.tracking_carrier,
            'tracking_link', p.tracking_link,
            'shipping_method', p.shipping_method,
            'in_doubt', p.in_doubt,
            'by_hand', p.by_hand,
            'gone', p.deleted_at is not null
        ) as shown
    from chosen as c
    inner join core.store_shipment as p on c.store_shipment_no = p.store_shipment_no
    left join core.store_shipment_item as l on p.store_shipment_no = l.store_shipment_no
    group by p.store_shipment_no
),

shipment as (
    select
        d.order_id,
        jsonb_agg(
            jsonb_build_object(
                'shipment_key', d.shipment_key,
                'version', d.version,
                'tracking_number', d.tracking_number,
                'carrier', d.carrier,
                'shipping_method', d.shipping_method,
                'tracking_link', d.tracking_link,
                'cancelled', d.cancelled,
                'undecided', d.undecided,
                'retried', d.retried,
                'items', coalesce(i.items, '[]'),
                'parcels', coalesce((
                    select jsonb_agg(p.shown || jsonb_build_object('lines', p.lines) order by p.store_shipment_no)
                    from parcel as p
                    where p.shipment_key = d.shipment_key and not p.deleted_by_us
                ), '[]')
            )
            order by d.retried, d.shipped_at nulls last, d.created_at, d.shipment_key
        ) as shipments
    from due as d
    left join item as i on d.shipment_key = i.shipment_key
    group by d.order_id
),

known as (
    select
        p.order_id,
        l.key::bigint as order_product_id,
        sum(l.value::bigint) as units
    from parcel as p
    cross join lateral jsonb_each_text(p.lines) as l
    where p.deleted_at is null
    group by p.order_id, l.key
),

line as (
    select
        i.order_id,
        jsonb_agg(
            jsonb_build_object(
                'order_product_id', i.order_product_id,
                'address_id', i.consignment_id,
                'shippable', i.fulfilment = 'shipping' and coalesce(i.type = 'physical', false),
                'type', case when i.fulfilment = 'shipping' then i.type else i.fulfilment end,
                'quantity', i.quantity,
                'shipped', greatest(i.quantity_shipped, k.units),
                'counted', i.quantity_shipped,
                'known', coalesce(k.units, 0),
                'master_sku', coalesce(i.master_sku, case :master_sku_field when 'sku' then i.sku end)
            )
            order by i.order_product_id
        ) as lines
    from mart.order_items as i
    left join known as k on i.order_id = k.order_id and i.order_product_id = k.order_product_id
    where i.channel = :channel and i.order_id in (select d.order_id from due as d)
    group by i.order_id
),

reserved as (
    select
        x.order_id,
        jsonb_object_agg(x.key, x.units) as lines
    from (
        select
            (p.detail ->> 'order_id')::bigint as order_id,
            l.key,
            sum(l.value::bigint) as units
        from ops.push as p
        cross join lateral jsonb_each_text(p.detail -> 'lines') as l
        where
            p.channel = :channel
            and p.entity = 'shipment'
            and p.action = 'create'
            and p.state in ('pending', 'sending', 'unknown')
        group by p.detail ->> 'order_id', l.key
    ) as x
    group by x.order_id
)

select
    s.order_id,
    jsonb_build_object(
        'order_id', s.order_id,
        'known', o.order_id is not null and not coalesce(o.sales_channel_id <> cast(:sales_channel as bigint), false),
        'other_channel', case
            when o.order_id is not null then 'sales channel ' || o.sales_channel_id
            else (
                select min(x.channel)
                from core.sales_order as x
                inner join ops.channel as theirs on x.channel = theirs.channel
                inner join ops.channel as ours on ours.channel = :channel and theirs.store_hash = ours.store_hash
                where x.order_id = s.order_id
            )
        end,
        'status_id', o.status_id,
        'deleted', coalesce(o.deleted, false),
        'read_since', coalesce(
            o.shipments_read_at >= o.fetched_at or exists (
                select 1 from parcel as p
                where p.order_id = s.order_id and p.pushed_at >= o.fetched_at
            ), false
        ),
        'lines', coalesce(l.lines, '[]'),
        'shipments', s.shipments,
        'by_hand', coalesce((
            select jsonb_agg(p.shown || jsonb_build_object('lines', p.lines) order by p.store_shipment_no)
            from parcel as p
            where p.order_id = s.order_id and p.shipment_key is null and p.deleted_at is null
        ), '[]'),
        'reserved', coalesce(r.lines, '{}')
    ) as content
from shipment as s
left join core.sales_order as o on o.channel = :channel and s.order_id = o.order_id
left join line as l on s.order_id = l.order_id
left join reserved as r on s.order_id = r.order_id
order by s.order_id;
