-- get_orders/extract: the tables of one run. `staging.x` is this run's own table x; see warehouse/sql.py.
-- Repeat   safe: what a first attempt committed stays, so that the extraction resumes after it.

create unlogged table if not exists staging.plan (plan jsonb not null);

create unlogged table if not exists staging.pulled_order (
    order_id bigint primary key,
    content_hash bytea not null,
    payload json,
    unstorable text,
    fetched_at timestamptz not null,
    status_id integer,
    refund_shown boolean not null
) with (toast_tuple_target = 8160);
alter table staging.pulled_order alter column payload set storage external;

create unlogged table if not exists staging.pulled_refund (refund_id bigint primary key, payload json);

create unlogged table if not exists staging.pulled_detail (
    order_id bigint,
    part text,
    payload json,
    unread boolean not null default false,
    primary key (order_id, part)
);

create unlogged table if not exists staging.sales_order (
    order_id bigint primary key,
    status_id integer not null,
    custom_status text,
    created_at timestamptz not null,
    modified_at timestamptz not null,
    shipped_at timestamptz,
    currency text,
    store_currency text,
    exchange_rate numeric,
    subtotal numeric,
    subtotal_ex_tax numeric,
    shipping numeric,
    handling numeric,
    wrapping numeric,
    tax numeric,
    discount numeric,
    coupon_discount numeric,
    gift_certificate numeric,
    store_credit numeric,
    total numeric,
    total_ex_tax numeric,
    items_total bigint,
    items_shipped bigint,
    payment_method text,
    payment_status text,
    source text,
    sales_channel_id bigint,
    external_source text,
    external_order_id text,
    country text,
    digital boolean not null,
    deleted boolean not null,
    stripped json not null
) with (toast_tuple_target = 8160);
alter table staging.sales_order alter column stripped set storage external;

create unlogged table if not exists staging.order_item (
    order_id bigint not null,
    order_product_id bigint not null,
    fulfilment text not null,
    consignment_id bigint not null,
    type text,
    product_id bigint,
    variant_id bigint,
    sku text,
    upc text,
    name text,
    options jsonb not null,
    quantity bigint not null,
    quantity_shipped bigint not null,
    quantity_refunded bigint not null,
    unit_price numeric,
    unit_price_ex_tax numeric,
    line_total numeric,
    line_tax numeric,
    discount numeric,
    parent_order_product_id bigint
);

create unlogged table if not exists staging.order_consignment (
    order_id bigint not null,
    kind text not null,
    consignment_id bigint not null,
    method text,
    cost numeric,
    country text,
    region text,
    items_total bigint,
    items_shipped bigint,
    location_id bigint
);

create unlogged table if not exists staging.order_fee (
    order_id bigint not null,
    fee_id bigint not null,
    type text,
    name text,
    cost numeric,
    tax numeric
);

create unlogged table if not exists staging.order_contact (
    order_id bigint primary key,
    customer_id bigint,
    ip_address text,
    customer_message text,
    staff_notes text
);

create unlogged table if not exists staging.order_address (
    order_id bigint not null,
    kind text not null,
    consignment_id bigint not null,
    first_name text,
    last_name text,
    company text,
    street_1 text,
    street_2 text,
    city text,
    region text,
    postal_code text,
    country text,
    country_name text,
    phone text,
    email text,
    form_fields jsonb not null
);

create unlogged table if not exists staging.order_text (
    order_id bigint not null,
    order_product_id bigint not null,
    text_no integer not null,
    name text,
    value text
);

create unlogged table if not exists staging.order_coupon (
    order_id bigint not null,
    coupon_no integer not null,
    coupon_id bigint,
    code text,
    type integer,
    amount numeric,
    discount numeric
);

create unlogged table if not exists staging.order_tax (
    order_id bigint not null,
    tax_no integer not null,
    order_product_id bigint,
    name text,
    class text,
    rate numeric,
    amount numeric,
    line_item_type text
);

create unlogged table if not exists staging.order_message (
    order_id bigint not null,
    message_id bigint not null,
    type text,
    subject text,
    message text,
    status text,
    sent_at timestamptz
);

create unlogged table if not exists staging.refund (
    refund_id bigint primary key,
    order_id bigint not null,
    created_at timestamptz not null,
    amount numeric not null,
    tax numeric
);

create unlogged table if not exists staging.refund_item (
    refund_id bigint not null,
    item_no integer not null,
    item_type text,
    item_id bigint,
    quantity bigint,
    amount numeric
);

create unlogged table if not exists staging.order_problem (
    entity text not null,
    entity_key text not null,
    reason text not null,
    message text not null,
    source text not null
);

create unlogged table if not exists staging.verdict (
    order_id bigint primary key,
    verdict text not null,
    forgotten boolean not null
);
