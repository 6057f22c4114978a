-- mart.orders, order_items, orders_not_imported, daily_sales, refunds, order_status_history, time_to_ship.
-- None of them tells who a shopper is.

create or replace view mart.orders as
select
    o.channel,
    o.order_id,
    o.status_id,
    coalesce(s.name, o.custom_status) as status,
    o.created_at,
    o.modified_at,
    o.currency,
    o.subtotal,
    o.shipping,
    o.tax,
    coalesce(o.discount, 0) + coalesce(o.coupon_discount, 0) as discount,
    o.total,
    coalesce(r.refunded, 0) as refunded,
    coalesce(o.items_total, 0) as items_total,
    coalesce(o.items_shipped, 0) as items_shipped,
    o.imported_at,
    o.custom_status,
    o.shipped_at,
    o.payment_method,
    o.payment_status,
    o.source,
    o.sales_channel_id,
    o.external_order_id,
    o.country,
    o.deleted
from core.sales_order as o
left join core.order_status as s on o.status_id = s.status_id
left join (
    select
        channel,
        order_id,
        sum(amount) as refunded
    from core.refund
    group by channel, order_id
) as r on o.channel = r.channel and o.order_id = r.order_id;

comment on view mart.orders is 'One row an order. Money with tax, in the order''s currency.';
comment on column mart.orders.channel is 'The store, by its channel''s name.';
comment on column mart.orders.order_id is 'The store''s order.';
comment on column mart.orders.status_id is 'BigCommerce''s id of the status, 0 to 14.';
comment on column mart.orders.status is 'BigCommerce''s own name of the status.';
comment on column mart.orders.created_at is 'When it was placed.';
comment on column mart.orders.modified_at is 'When it changed last in the store.';
comment on column mart.orders.currency is 'What the shopper paid in.';
comment on column mart.orders.subtotal is 'All lines.';
comment on column mart.orders.shipping is 'Shipping cost.';
comment on column mart.orders.tax is 'All tax in the total.';
comment on column mart.orders.discount is 'All discounts, coupons among them.';
comment on column mart.orders.total is 'What the order costs.';
comment on column mart.orders.refunded is 'All refunds of it.';
comment on column mart.orders.items_total is 'Units ordered.';
comment on column mart.orders.items_shipped is 'Units shipped.';
comment on column mart.orders.imported_at is 'When the warehouse first had it.';
comment on column mart.orders.custom_status is 'The status under the name that the store gives it.';
comment on column mart.orders.shipped_at is 'When it was fully shipped; null: not yet.';
comment on column mart.orders.payment_method is 'As the store calls it.';
comment on column mart.orders.payment_status is 'As the store calls it.';
comment on column mart.orders.source is 'Where it was placed: www, manual, ...';
comment on column mart.orders.sales_channel_id is 'BigCommerce''s own sales channel.';
comment on column mart.orders.external_order_id is 'Its number in another system, if any.';
comment on column mart.orders.country is 'Two-letter country of the billing address.';
comment on column mart.orders.deleted is 'Whether it was deleted (archived) in the store.';

create or replace view mart.order_items as
select
    i.channel,
    i.order_id,
    i.order_product_id,
    i.product_id,
    i.variant_id,
    i.sku,
    coalesce(v.master_sku, k.master_sku) as master_sku,
    i.name,
    i.quantity,
    i.quantity_shipped,
    i.unit_price,
    i.line_total,
    i.quantity_refunded,
    i.fulfilment,
    i.type,
    i.consignment_id
from core.order_item as i
left join lateral (
    select l.master_sku
    from core.listing_variant as l
    where i.channel = l.channel and i.variant_id = l.variant_id
    order by l.master_sku
    limit 1
) as v on true
left join lateral (
    select l.master_sku
    from core.listing_variant as l
    where v.master_sku is null and i.channel = l.channel and lower(i.sku) = lower(l.sku)
    order by l.master_sku
    limit 1
) as k on true;

comment on view mart.order_items is 'One row a line of an order.';
comment on column mart.order_items.channel is 'The store, by its channel''s name.';
comment on column mart.order_items.order_id is 'The store''s order.';
comment on column mart.order_items.order_product_id is 'The store''s id of the line.';
comment on column mart.order_items.product_id is 'The store''s product; null: a custom one.';
comment on column mart.order_items.variant_id is 'The store''s variant; null: a custom product.';
comment on column mart.order_items.sku is 'The SKU when it was ordered.';
comment on column mart.order_items.master_sku is 'The listing''s variant: found by variant id, else by SKU; null: none is known.';
comment on column mart.order_items.name is 'The product''s name when it was ordered.';
comment on column mart.order_items.quantity is 'Units ordered.';
comment on column mart.order_items.quantity_shipped is 'Units shipped.';
comment on column mart.order_items.unit_price is 'Of one unit, with tax, in the order''s currency.';
comment on column mart.order_items.line_total is 'Of all units, with tax, in the order''s currency.';
comment on column mart.order_items.quantity_refunded is 'Units refunded.';
comment on column mart.order_items.fulfilment is 'shipping, pickup, digital or gift_certificate.';
comment on column mart.order_items.type is 'physical, digital or giftcertificate, as the store says.';
comment on column mart.order_items.consignment_id is 'Its shipping address (order_address_id) or pickup; else counted in the order.';

create or replace view mart.orders_not_imported as
select
    l.channel,
    l.order_id,
    l.status_id,
    l.created_at,
    l.reason,
    l.last_seen
from core.order_left_out as l;

comment on view mart.orders_not_imported is 'Orders that the store has and the warehouse does not, and why.';
comment on column mart.orders_not_imported.channel is 'The store, by its channel''s name.';
comment on column mart.orders_not_imported.order_id is 'The store''s order.';
comment on column mart.orders_not_imported.status_id is 'Its status when a run saw it last.';
comment on column mart.orders_not_imported.created_at is 'When it was placed.';
comment on column mart.orders_not_imported.reason is 'status_not_in_list, too_old, incomplete, deleted or other_sales_channel.';
comment on column mart.orders_not_imported.last_seen is 'When a run saw it last.';

create or replace view mart.daily_sales as
select
    o.channel,
    (o.created_at at time zone coalesce(c.timezone, 'UTC'))::date as day,
    o.currency,
    count(*) as orders,
    sum(o.items_total)::bigint as units,
    sum(o.total) as gross,
    sum(o.discount) as discount,
    sum(o.refunded) as refunded,
    sum(o.total) - sum(o.refunded) as net
from mart.orders as o
left join ops.channel as c on o.channel = c.channel
where o.status_id not in (0, 5, 6)
group by o.channel, day, o.currency;

comment on view mart.daily_sales is 'One row a day and currency of a channel; without incomplete, cancelled and declined orders.';
comment on column mart.daily_sales.channel is 'The store, by its channel''s name.';
comment on column mart.daily_sales.day is 'The store''s own day on which the orders were placed.';
comment on column mart.daily_sales.currency is 'What the shoppers paid in.';
comment on column mart.daily_sales.orders is 'How many orders.';
comment on column mart.daily_sales.units is 'Units ordered.';
comment on column mart.daily_sales.gross is 'The orders'' totals.';
comment on column mart.daily_sales.discount is 'Their discounts, coupons among them.';
comment on column mart.daily_sales.refunded is 'What was refunded of them, whenever.';
comment on column mart.daily_sales.net is 'gross - refunded.';

create or replace view mart.refunds as
select
    r.channel,
    r.refund_id,
    r.order_id,
    r.created_at,
    o.currency,
    r.amount,
    r.tax,
    i.units
from core.refund as r
inner join core.sales_order as o on r.channel = o.channel and r.order_id = o.order_id
left join (
    select
        channel,
        refund_id,
        sum(quantity) filter (where item_type = 'PRODUCT')::bigint as units
    from core.refund_item
    group by channel, refund_id
) as i on r.channel = i.channel and r.refund_id = i.refund_id;

comment on view mart.refunds is 'One row a refund.';
comment on column mart.refunds.channel is 'The store, by its channel''s name.';
comment on column mart.refunds.refund_id is 'The store''s refund.';
comment on column mart.refunds.order_id is 'The order.';
comment on column mart.refunds.created_at is 'When it was made.';
comment on column mart.refunds.currency is 'The order''s currency.';
comment on column mart.refunds.amount is 'What was refunded.';
comment on column mart.refunds.tax is 'The tax in it.';
comment on column mart.refunds.units is 'Units of products that it is for; null: it is for none.';

create or replace view mart.order_status_history as
select
    h.channel,
    h.order_id,
    h.changed_at,
    h.status_id,
    s.name as status,
    h.seen_at
from core.order_status_change as h
left join core.order_status as s on h.status_id = s.status_id;

comment on view mart.order_status_history is 'One row a status that an order was seen in; its first is that of its import.';
comment on column mart.order_status_history.channel is 'The store, by its channel''s name.';
comment on column mart.order_status_history.order_id is 'The store''s order.';
comment on column mart.order_status_history.changed_at is 'When the order changed in the store, with which it showed this status first.';
comment on column mart.order_status_history.status_id is 'BigCommerce''s id of the status.';
comment on column mart.order_status_history.status is 'BigCommerce''s own name of it.';
comment on column mart.order_status_history.seen_at is 'When the warehouse saw it.';

create or replace view mart.time_to_ship as
select
    o.channel,
    o.order_id,
    o.created_at,
    o.shipped_at,
    round(extract(epoch from o.shipped_at - o.created_at) / 3600, 2) as hours
from core.sales_order as o
where o.shipped_at is not null;

comment on view mart.time_to_ship is 'One row an order that has been shipped completely.';
comment on column mart.time_to_ship.channel is 'The store, by its channel''s name.';
comment on column mart.time_to_ship.order_id is 'The store''s order.';
comment on column mart.time_to_ship.created_at is 'When it was placed.';
comment on column mart.time_to_ship.shipped_at is 'When it was fully shipped, as the store says.';
comment on column mart.time_to_ship.hours is 'From the one to the other.';
