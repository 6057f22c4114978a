-- publish_listings/extract: the tables of one run. `staging.x` is this run's own table; see warehouse/sql.py.
-- Repeat   safe: extraction begins with emptying them.

create unlogged table if not exists staging.draft (
    listing_key text primary key,
    action text not null,
    version text not null,
    product_id bigint,
    content text not null
);

create unlogged table if not exists staging.payload (
    listing_key text primary key,
    action text not null,
    version text not null,
    product_id bigint,
    payload jsonb not null,
    categories text[] not null,
    variants jsonb not null,
    retried boolean not null default false
);

create unlogged table if not exists staging.draft_problem (
    entity text not null,
    entity_key text not null,
    reason text not null,
    message text not null,
    source text not null,
    listing_key text
);
