-- sync_listings/extract: the tables of one run. `staging.x` is this run's own table; see warehouse/sql.py.
-- Repeat   safe: each plan is made anew, from what is wanted then.

create unlogged table if not exists staging.step (step text primary key);

create unlogged table if not exists staging.differing (
    master_sku text primary key,
    listing_key text not null,
    product_id bigint not null,
    variant_id bigint not null,
    inherits boolean not null,
    tracking text not null,
    wanted_price numeric,
    former_price numeric,
    wanted_quantity bigint,
    former_quantity bigint,
    shown_quantity bigint,
    restored bigint,
    fields jsonb not null,
    former jsonb not null,
    sends_price boolean not null,
    sends_quantity boolean not null,
    hides boolean not null,
    shows boolean not null,
    held text,
    change_factor numeric,
    held_sale_price numeric,
    sale_change_factor numeric
);

create unlogged table if not exists staging.plan (
    plan_no bigint generated always as identity primary key,
    call text not null,
    batch integer,
    item text not null,
    entity text not null,
    entity_key text not null,
    action text not null,
    listing_key text not null,
    product_id bigint not null,
    variant_id bigint,
    sent jsonb not null,
    former jsonb not null,
    wanted_quantity bigint,
    guard text,
    retried boolean not null default false
);

create unlogged table if not exists staging.problem (
    entity text not null,
    entity_key text not null,
    reason text not null,
    message text not null,
    source text not null
);
