-- get_orders/load: details that were asked for are replaced; of an order whose details were not asked for they stay.
-- Reads    staging.   Writes  core.order_coupon, order_tax, order_message.   Repeat  safe.

delete from core.order_coupon as c using staging.verdict as v
where
    c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update'
    and exists (
        select 1 from staging.pulled_detail as d
        where d.order_id = v.order_id and d.part = 'coupons' and not d.unread
    );

insert into core.order_coupon (
    channel,
    order_id,
    coupon_no,
    coupon_id,
    code,
    type,
    amount,
    discount
)
select
    :channel,
    s.order_id,
    s.coupon_no,
    s.coupon_id,
    s.code,
    s.type,
    s.amount,
    s.discount
from staging.order_coupon as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update');

delete from core.order_tax as c using staging.verdict as v
where
    c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update'
    and exists (
        select 1 from staging.pulled_detail as d
        where d.order_id = v.order_id and d.part = 'taxes' and not d.unread
    );

insert into core.order_tax (
    channel,
    order_id,
    tax_no,
    order_product_id,
    name,
    class,
    rate,
    amount,
    line_item_type
)
select
    :channel,
    s.order_id,
    s.tax_no,
    s.order_product_id,
    s.name,
    s.class,
    s.rate,
    s.amount,
    s.line_item_type
from staging.order_tax as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update');

delete from core.order_message as c using staging.verdict as v
where
    c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update'
    and exists (
        select 1 from staging.pulled_detail as d
        where d.order_id = v.order_id and d.part = 'messages' and not d.unread
    );

insert into core.order_message (
    channel,
    order_id,
    message_id,
    type,
    subject,
    message,
    status,
    sent_at
)
select
    :channel,
    s.order_id,
    s.message_id,
    s.type,
    s.subject,
    s.message,
    s.status,
    s.sent_at
from staging.order_message as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update') and not v.forgotten;
