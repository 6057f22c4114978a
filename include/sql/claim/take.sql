-- claim/take: take the right to write to a store, if it is free, has lapsed, or an older attempt of this run holds it.
-- Writes   ops.claim.
-- Answers  nothing where somebody living holds it, or is just working on the row; else the new epoch, and the seconds for
--          which a call of the former holder may still be under way.
-- Order    the epoch rises with each taking, so what the former holder still sends or records is refused.

with former as (
    select c.*
    from ops.claim as c
    where
        c.store_hash = :store_hash
        and (
            c.run_no is null
            or c.beat_at < clock_timestamp() - make_interval(secs => c.lease_seconds::double precision)
            or (c.run_no = :run_no and c.attempt < :attempt)
        )
    for update skip locked
)

update ops.claim as c set
    epoch = c.epoch + 1,
    run_no = :run_no,
    attempt = :attempt,
    lease_seconds = :lease_seconds,
    call_seconds = :call_seconds,
    taken_at = clock_timestamp(),
    beat_at = clock_timestamp(),
    calling_since = null
from former as f
where c.store_hash = f.store_hash
returning
    c.epoch,
    f.run_no is not null as taken_over,
    greatest(
        extract(epoch from f.calling_since) + f.call_seconds - extract(epoch from clock_timestamp()), 0
    )::double precision as quiet_seconds;
