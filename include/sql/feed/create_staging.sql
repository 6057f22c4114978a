-- feed/extract: what cannot be taken of a file. `staging.x` is this run's own table x; see warehouse/sql.py.   Repeat  safe.
-- One row for each thing that is wrong with a line; listing_key and master_sku are what the line speaks of.

create unlogged table if not exists staging.feed_problem (
    line bigint,
    entity text not null,
    entity_key text not null,
    reason text not null,
    source text not null,
    message text not null,
    listing_key text,
    master_sku text
);
