-- runs/describe_channel: the channel's store as it describes itself, and the rules that shape what is wanted.
-- Writes   ops.channel.   Repeat  safe: only a change is written.

insert into ops.channel as c (channel, connection_id, store_hash, store_name, currency, currency_digits, timezone, rules)
values (
    :channel, :connection_id, :store_hash, :store_name, :currency, :currency_digits, :timezone, cast(:rules as jsonb)
)
on conflict (channel) do update set
    connection_id = excluded.connection_id,
    store_hash = excluded.store_hash,
    store_name = excluded.store_name,
    currency = excluded.currency,
    currency_digits = excluded.currency_digits,
    timezone = excluded.timezone,
    rules = excluded.rules,
    updated_at = now()
where
(c.connection_id, c.store_hash, c.store_name, c.currency, c.currency_digits, c.timezone, c.rules)
is distinct from (
    excluded.connection_id, excluded.store_hash, excluded.store_name, excluded.currency, excluded.currency_digits,
    excluded.timezone, excluded.rules
);
