-- get_orders/load: all that changed before this run began has been loaded.
-- What lay behind the watermark when this run was planned has been read by it.
-- Reads    ops.run.   Writes  ops.watermark.   Order  a run that began earlier never moves it back.

insert into ops.watermark as w (channel, operation, value, store_time, store_hash, filters, complete_at, run_no)
select
    :channel,
    'get_orders',
    r.pulled_from,
    r.store_time,
    r.store_hash,
    cast(:filters as jsonb),
    case when :complete then r.store_time end,
    r.run_no
from ops.run as r
where r.run_no = :run_no
on conflict (channel, operation) do update set
    value = excluded.value,
    store_time = excluded.store_time,
    store_hash = excluded.store_hash,
    filters = excluded.filters,
    complete_at = coalesce(excluded.complete_at, w.complete_at),
    behind = case when w.behind < cast(:caught_up as timestamptz) or :caught_up is null then w.behind end,
    run_no = excluded.run_no
where w.store_time <= excluded.store_time;
