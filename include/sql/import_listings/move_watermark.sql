-- import_listings/load: a complete pull has been loaded.
-- Writes   ops.watermark.   Order  a pull that began earlier never moves it back.

insert into ops.watermark as w (channel, operation, value, run_no)
select
    :channel,
    'import_listings',
    r.pulled_from,
    r.run_no
from ops.run as r
where r.run_no = :run_no
on conflict (channel, operation) do update set
    value = excluded.value,
    run_no = excluded.run_no
where w.value < excluded.value;
