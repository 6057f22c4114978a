-- runs/close_abandoned: runs of this channel's operation that died without a word are not running.
-- Writes   ops.run.   Repeat  safe.

update ops.run set
    state = 'failed',
    finished_at = touched_at,
    message = 'It ended without a word (killed?); what it had committed stays, and a later run does the rest.'
where
    channel = :channel
    and operation = :operation
    and state = 'running'
    and run_no < :run_no
    and touched_at < now() - make_interval(mins => :minutes);
