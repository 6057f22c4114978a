-- import_listings/load: a pull has been loaded; one of chosen products moves nothing.
-- Reads    ops.run.   Writes  ops.watermark.   Order  a pull that began earlier never moves it back.
-- The value is the start of the last complete pull; the store's time also follows a pull of what changed.

insert into ops.watermark as w (channel, operation, value, store_time, store_hash, run_no)
select
    :channel,
    'import_listings',
    r.pulled_from,
    r.store_time,
    r.store_hash,
    r.run_no
from ops.run as r
where r.run_no = :run_no and r.complete
on conflict (channel, operation) do update set
    value = excluded.value,
    store_time = case
        when w.store_hash = excluded.store_hash then greatest(w.store_time, excluded.store_time)
        else excluded.store_time
    end,
    store_hash = excluded.store_hash,
    run_no = excluded.run_no
where w.value < excluded.value;

update ops.watermark as w set
    store_time = r.store_time,
    run_no = r.run_no
from ops.run as r
where
    w.channel = :channel
    and w.operation = 'import_listings'
    and r.run_no = :run_no
    and r.changed_since is not null
    and w.store_time < r.store_time;
