-- load_listings/extract: the tables of one run. `staging.x` is this run's own table x; see warehouse/sql.py.   Repeat  safe.

create unlogged table if not exists staging.draft_column (
    place integer primary key,
    prefix text not null,
    name text not null
);

create unlogged table if not exists staging.draft_row (
    line bigint not null,
    listing_key text not null,
    master_sku text not null,
    title text,
    description text,
    type text,
    weight numeric,
    price numeric,
    brand text,
    categories text[],
    images text[],
    condition text,
    availability text,
    sku text,
    upc text,
    mpn text,
    gtin text,
    variant_price numeric,
    variant_weight numeric,
    quantity bigint,
    inventory_sku text,
    updated_at timestamptz,
    custom_fields jsonb,
    options jsonb
);

create unlogged table if not exists staging.draft_listing (
    listing_key text primary key,
    as_of timestamptz not null,
    dated boolean not null,
    takes text[] not null,
    title text,
    description text,
    type text not null,
    weight numeric,
    price numeric,
    brand text,
    categories text[] not null,
    images text[] not null,
    condition text,
    availability text,
    custom_fields jsonb not null,
    verdict text not null
);

create unlogged table if not exists staging.draft_variant (
    line bigint primary key,
    listing_key text not null,
    master_sku text not null,
    options jsonb not null,
    verdict text not null
);
