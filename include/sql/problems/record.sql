-- problems/record: something that a person has to know of one record.   Writes  ops.problem.   Repeat  safe.

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
values (:channel, :operation, :entity, :entity_key, :reason, :source, :message, :run_no)
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();
