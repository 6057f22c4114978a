-- load_shipments/extract: the tables of one run. `staging.x` is this run's own table x; see warehouse/sql.py.   Repeat  safe.

create unlogged table if not exists staging.shipment_column (
    name text primary key
);

create unlogged table if not exists staging.shipment_row (
    line bigint not null,
    shipment_key text not null,
    order_id bigint,
    quantity bigint not null,
    order_product_id bigint,
    master_sku text,
    tracking_number text,
    carrier text,
    shipping_method text,
    tracking_link text,
    shipped_at timestamptz,
    cancelled_at timestamptz,
    updated_at timestamptz
);

create unlogged table if not exists staging.shipment_dated_row (
    line bigint primary key,
    shipment_key text not null,
    as_of timestamptz not null,
    dated boolean not null,
    wins boolean not null
);

create unlogged table if not exists staging.shipment_line (
    shipment_key text not null,
    line_key text not null,
    order_product_id bigint,
    master_sku text,
    item_nos bigint[],
    filed bigint,
    had bigint,
    wanted bigint,
    primary key (shipment_key, line_key)
);

create unlogged table if not exists staging.shipment (
    shipment_key text primary key,
    as_of timestamptz not null,
    dated boolean not null,
    takes text[] not null,
    differing text[] not null,
    order_id bigint not null,
    tracking_number text,
    carrier text,
    shipping_method text,
    tracking_link text,
    shipped_at timestamptz,
    cancelled_at timestamptz,
    verdict text not null
);
