-- claim/take: take the right to write to a store, if it is free, has lapsed, or an older attempt of this run holds it.
-- Writes   ops.claim, ops.run.
-- Answers  nothing where somebody living holds it, or is just working on the row; else the new epoch, and the seconds for
--          which a call of the former holder may still be under way.
-- Dead     the run that is taken over has failed, unless it is this one or a newer attempt of it is at work. Where its
--          worker stalled inside a transaction its row is locked: nobody waits for it, runs/close_abandoned comes later.
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
),

dead as (
    select r.run_no
    from ops.run as r
    inner join former as f on r.run_no = f.run_no and r.attempt = f.attempt
    where r.run_no <> :run_no and r.state = 'running'
    for no key update of r skip locked
),

buried as (
    update ops.run as r set
        state = 'failed',
        finished_at = greatest(r.touched_at, f.beat_at),
        message = 'It gave no sign of life; another run took over the writing. What was confirmed stays, the rest is sent.'
    from dead as d
    inner join former as f on d.run_no = f.run_no
    where r.run_no = d.run_no
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
