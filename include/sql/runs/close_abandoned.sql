-- runs/close_abandoned: runs of this channel's operation that died without a word are not running.
-- Writes   ops.run.   Repeat  safe.
-- One that a stalled worker still holds is left to a later run: nobody waits for it.

update ops.run set
    state = 'failed',
    finished_at = touched_at,
    message = 'It ended without a word (killed?); what it had committed stays, and a later run does the rest.'
where run_no in (
    select r.run_no
    from ops.run as r
    where
        r.channel = :channel
        and r.operation = :operation
        and r.state = 'running'
        and r.run_no < :run_no
        and r.touched_at < now() - make_interval(mins => :minutes)
    for update skip locked
);
