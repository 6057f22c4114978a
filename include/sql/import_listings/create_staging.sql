-- import_listings/extract: the tables of one run. `staging.x` is this run's own table; see warehouse/sql.py.
-- Repeat   safe: what a first attempt committed stays, so that the extraction resumes after it.

create unlogged table if not exists staging.product (
    product_id bigint primary key,
    content_hash bytea not null,
    payload json,
    unstorable text,
    fetched_at timestamptz not null
) with (toast_tuple_target = 8160);
alter table staging.product alter column payload set storage external;

create unlogged table if not exists staging.missing (product_id bigint primary key);

create unlogged table if not exists staging.brand (brand_id bigint primary key, name text not null);

create unlogged table if not exists staging.category (category_id bigint primary key, path text not null);

create unlogged table if not exists staging.stock (
    product_id bigint not null,
    variant_id bigint,
    quantity bigint not null
);

create unlogged table if not exists staging.listing (
    product_id bigint primary key,
    title text not null,
    description text not null,
    type text not null,
    weight numeric,
    price numeric,
    brand_id bigint,
    category_ids bigint[] not null,
    images text[] not null,
    custom_fields jsonb not null,
    visible boolean not null,
    inventory_tracking text not null,
    inventory_level bigint not null,
    variants integer not null
);

-- A variant belongs to one product; until the transform ends, two may still claim it.
create unlogged table if not exists staging.variant (
    variant_id bigint,
    product_id bigint,
    master_sku text,
    sku text,
    upc text,
    mpn text,
    options jsonb not null,
    price numeric,
    inventory_level bigint not null,
    primary key (variant_id, product_id)
);

create unlogged table if not exists staging.problem (
    entity text not null,
    entity_key text not null,
    reason text not null,
    message text not null,
    source text not null
);

create unlogged table if not exists staging.match (
    variant_id bigint primary key,
    product_id bigint not null,
    master_sku text not null,
    held_sku text,
    row_sku text,
    action text not null,
    listing_key text
);

create unlogged table if not exists staging.unmatchable (product_id bigint primary key, keys text not null);

create unlogged table if not exists staging.pinned (variant_id bigint primary key);

create unlogged table if not exists staging.change (
    channel text not null,
    listing_key text not null,
    master_sku text,
    overwritten boolean not null
);
