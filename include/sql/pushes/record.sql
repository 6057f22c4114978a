-- pushes/record: something done in the store, or in a dry run what would be.   Reads  ops.run.   Writes  ops.push.

insert into ops.push (channel, operation, run_no, entity, entity_key, action, state, detail, epoch, sent_at)
select
    r.channel,
    r.operation,
    r.run_no,
    :entity,
    :entity_key,
    :action,
    :state,
    jsonb_strip_nulls(
        jsonb_build_object(
            'to', cast(:sent as jsonb), 'from', cast(:former as jsonb), 'reason', cast(:reason as text)
        )
    ),
    :epoch,
    :sent_at
from ops.run as r
where r.run_no = :run_no;
