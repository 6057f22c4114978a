-- load_inventory/extract: the tables of one run. `staging.x` is this run's own table x; see warehouse/sql.py.   Repeat  safe.

create unlogged table if not exists staging.item (
    line bigint not null,
    master_sku text not null,
    quantity bigint,
    price numeric,
    updated_at timestamptz
);

create unlogged table if not exists staging.choice (
    sku_key text primary key,
    master_sku text not null,
    quantity bigint,
    price numeric,
    as_of timestamptz not null,
    verdict text not null
);
