-- get_orders/load: orders that the store has and the warehouse does not, and why; without a word on their shoppers.
-- Reads    staging.   Writes  core.order_left_out.   Order  what was seen of a newer version stays.

insert into core.order_left_out as l (channel, order_id, status_id, created_at, modified_at, reason, run_no)
select
    :channel,
    s.order_id,
    s.status_id,
    s.created_at,
    s.modified_at,
    v.verdict,
    :run_no
from staging.sales_order as s
inner join staging.verdict as v on s.order_id = v.order_id
where v.verdict in ('deleted', 'other_sales_channel', 'incomplete', 'status_not_in_list', 'too_old')
on conflict (channel, order_id) do update set
    status_id = excluded.status_id,
    created_at = excluded.created_at,
    modified_at = excluded.modified_at,
    reason = excluded.reason,
    last_seen = now(),
    run_no = excluded.run_no
where l.modified_at <= excluded.modified_at;

delete from core.order_left_out as l using staging.verdict as v
where l.channel = :channel and l.order_id = v.order_id and v.verdict in ('create', 'update', 'same', 'outdated');
