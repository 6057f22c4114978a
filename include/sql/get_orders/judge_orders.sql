-- get_orders/load: what becomes of each order that was read.
-- Reads    staging, core.sales_order, raw.sales_order, core.forgotten_shopper.   Writes  staging.verdict.
-- create, update; same: another run has loaded it meanwhile; outdated: the warehouse has it newer; outside: not of this window; unknown: only known orders are
-- wanted; else why it is left out. An order that the warehouse knows follows the store, whatever its status.
-- Order    by the store's last change, and where that is equal by when it was fetched: an older version never wins.

with shopper as materialized ( -- hashed once each, and only where somebody is to be forgotten
    select
        a.order_id,
        'email' as kind,
        core.shopper_hash('email', a.email) as key_hash
    from staging.order_address as a
    where a.kind = 'billing' and a.email is not null and exists (select 1 from core.forgotten_shopper)
    union all
    select
        c.order_id,
        'customer_id' as kind,
        core.shopper_hash('customer_id', c.customer_id::text) as key_hash
    from staging.order_contact as c
    where c.customer_id is not null and exists (select 1 from core.forgotten_shopper)
),

forgotten as (
    select distinct h.order_id
    from shopper as h
    inner join core.forgotten_shopper as t
        on h.kind = t.kind and h.key_hash = t.key_hash and t.channel in (:channel, '*')
)

insert into staging.verdict (order_id, verdict, forgotten)
select
    s.order_id,
    case
        when s.created_at < cast(:exact_from as timestamptz) or s.created_at >= cast(:exact_to as timestamptz)
            then 'outside'
        when r.content_hash = p.content_hash and r.reflected = :reflects then 'same'
        when k.order_id is not null and (s.modified_at, p.fetched_at) <= (k.modified_at, k.fetched_at) then 'outdated'
        when k.order_id is not null then 'update'
        when :known_only then 'unknown'
        when s.deleted then 'deleted'
        when s.sales_channel_id <> cast(:sales_channel as bigint) then 'other_sales_channel'
        when s.status_id = any(cast(:statuses as integer[])) and s.created_at >= coalesce(:oldest, s.created_at)
            then 'create'
        when s.status_id = 0 and s.status_id <> all(cast(:statuses as integer[])) then 'incomplete'
        when s.status_id <> all(cast(:statuses as integer[])) then 'status_not_in_list'
        else 'too_old'
    end,
    f.order_id is not null
from staging.sales_order as s
inner join staging.pulled_order as p on s.order_id = p.order_id
left join core.sales_order as k on k.channel = :channel and s.order_id = k.order_id
left join raw.sales_order as r on r.channel = :channel and s.order_id = r.order_id
left join forgotten as f on s.order_id = f.order_id;

analyze staging.verdict;
