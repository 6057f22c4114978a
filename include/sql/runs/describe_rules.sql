-- runs/describe_rules: what of the channel's settings shapes what is wanted and shown.
-- Writes   ops.channel.   Repeat  safe: only a change is written.   The rest of the row is the pulls' to write.

insert into ops.channel as c (channel, connection_id, store_hash, rules)
values (:channel, :connection_id, :store_hash, cast(:rules as jsonb))
on conflict (channel) do update set
    connection_id = excluded.connection_id,
    rules = excluded.rules,
    updated_at = now()
where (c.connection_id, c.rules) is distinct from (excluded.connection_id, excluded.rules);
