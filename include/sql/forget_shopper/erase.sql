-- forget_shopper/forget: the shopper's own orders lose all personal data; in others' orders, an address with their e-mail goes.
-- Writes   core.order_contact, order_address, order_text, order_message, ops.erasure.   Repeat  safe: nothing is left.
-- Keeps    the orders with their figures.

with own as (
    select
        a.channel,
        a.order_id
    from core.order_address as a
    where
        :kind = 'email'
        and :channel in ('*', a.channel)
        and a.kind = 'billing'
        and lower(a.email) = lower(btrim(:shopper))
    union
    select
        c.channel,
        c.order_id
    from core.order_contact as c
    where :kind = 'customer_id' and :channel in ('*', c.channel) and c.customer_id::text = btrim(:shopper)
),

contacts as (
    delete from core.order_contact as d using own as o
    where d.channel = o.channel and d.order_id = o.order_id
    returning d.channel, d.order_id
),

addresses as (
    delete from core.order_address as d
    where
        exists (
            select 1 from own as o
            where d.channel = o.channel and d.order_id = o.order_id
        )
        or (:kind = 'email' and :channel in ('*', d.channel) and lower(d.email) = lower(btrim(:shopper)))
    returning d.channel, d.order_id
),

texts as (
    delete from core.order_text as d using own as o
    where d.channel = o.channel and d.order_id = o.order_id
    returning d.channel, d.order_id
),

messages as (
    delete from core.order_message as d using own as o
    where d.channel = o.channel and d.order_id = o.order_id
    returning d.channel, d.order_id
),

erased as (
    select
        count(distinct e.channel || '/' || e.order_id) as orders,
        count(*) as rows
    from (
        select * from contacts
        union all
        select * from addresses
        union all
        select * from texts
        union all
        select * from messages
    ) as e
)

insert into ops.erasure (run_no, channel, kind, orders, rows)
select
    :run_no,
    :channel,
    :kind,
    e.orders,
    e.rows
from erased as e
returning orders, rows;
