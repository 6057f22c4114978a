-- get_orders/load: what core reflects from now on, stripped of shoppers' data.
-- An order that left a problem, with its details, is handled again by the next run.
-- Reads    staging.   Writes  raw.sales_order.   Repeat  safe: keyed.

insert into raw.sales_order as r (channel, order_id, payload, content_hash, reflected, fetched_at, as_of)
select
    :channel,
    s.order_id,
    s.stripped,
    p.content_hash,
    case when exists (
        select 1 from staging.order_problem as t
        where t.source = 'order/' || s.order_id
    ) then '' else :reflects end,
    p.fetched_at,
    :as_of
from staging.sales_order as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update')
inner join staging.pulled_order as p on s.order_id = p.order_id
on conflict (channel, order_id) do update set
    payload = excluded.payload,
    content_hash = excluded.content_hash,
    reflected = excluded.reflected,
    fetched_at = excluded.fetched_at,
    as_of = excluded.as_of;
