-- sync_orders/extract: the tables of one run. `staging.x` is this run's own table; see warehouse/sql.py.   Repeat  safe.

create unlogged table if not exists staging.planned (
    planned_no bigint generated always as identity primary key,
    action text not null,
    order_id bigint not null,
    shipment_key text not null,
    version bigint not null,
    retried boolean not null,
    order_address_id bigint,
    store_shipment_no bigint,
    store_shipment_id bigint,
    payload jsonb not null,
    lines jsonb not null,
    done boolean not null default false,
    unique (shipment_key, planned_no)
);

create unlogged table if not exists staging.problem (
    entity text not null,
    entity_key text not null,
    reason text not null,
    message text not null,
    source text not null
);

create unlogged table if not exists staging.considered (shipment_key text primary key);
