-- feed/extract: what cannot be taken of a file. `staging.x` is this run's own table x; see warehouse/sql.py.   Repeat  safe.
-- One row for each thing that is wrong with a line; group_key and master_sku are what the line speaks of, a group being
-- the lines of one listing or shipment. feed_value is what lines say of their group where they do not say the same.

create unlogged table if not exists staging.feed_problem (
    line bigint,
    entity text not null,
    entity_key text not null,
    reason text not null,
    source text not null,
    message text not null,
    group_key text,
    master_sku text
);

create unlogged table if not exists staging.feed_value (
    line bigint not null,
    group_key text not null,
    master_sku text,
    name text not null,
    value text not null
);
