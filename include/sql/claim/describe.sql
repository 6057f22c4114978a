-- claim/describe: who holds the right to write to a store.   Reads  ops.claim, ops.run.

select
    r.channel,
    r.operation,
    r.run_id,
    extract(epoch from clock_timestamp() - c.taken_at)::double precision as held_seconds
from ops.claim as c
inner join ops.run as r on c.run_no = r.run_no
where c.store_hash = :store_hash;
