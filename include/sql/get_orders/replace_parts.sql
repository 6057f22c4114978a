-- get_orders/load: lines, consignments and fees are replaced with their order, as a unit.
-- Reads    staging.   Writes  core.order_item, order_consignment, order_fee.   Repeat  safe.

delete from core.order_item as c using staging.verdict as v
where c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update';

insert into core.order_item (
    channel,
    order_id,
    order_product_id,
    fulfilment,
    consignment_id,
    type,
    product_id,
    variant_id,
    sku,
    upc,
    name,
    options,
    quantity,
    quantity_shipped,
    quantity_refunded,
    unit_price,
    unit_price_ex_tax,
    line_total,
    line_tax,
    discount,
    parent_order_product_id
)
select
    :channel,
    s.order_id,
    s.order_product_id,
    s.fulfilment,
    s.consignment_id,
    s.type,
    s.product_id,
    s.variant_id,
    s.sku,
    s.upc,
    s.name,
    s.options,
    s.quantity,
    s.quantity_shipped,
    s.quantity_refunded,
    s.unit_price,
    s.unit_price_ex_tax,
    s.line_total,
    s.line_tax,
    s.discount,
    s.parent_order_product_id
from staging.order_item as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update');

delete from core.order_consignment as c using staging.verdict as v
where c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update';

insert into core.order_consignment (
    channel,
    order_id,
    kind,
    consignment_id,
    method,
    cost,
    country,
    region,
    items_total,
    items_shipped,
    location_id
)
select
    :channel,
    s.order_id,
    s.kind,
    s.consignment_id,
    s.method,
    s.cost,
    s.country,
    s.region,
    s.items_total,
    s.items_shipped,
    s.location_id
from staging.order_consignment as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update');

delete from core.order_fee as c using staging.verdict as v
where c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update';

insert into core.order_fee (
    channel,
    order_id,
    fee_id,
    type,
    name,
    cost,
    tax
)
select
    :channel,
    s.order_id,
    s.fee_id,
    s.type,
    s.name,
    s.cost,
    s.tax
from staging.order_fee as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update');
