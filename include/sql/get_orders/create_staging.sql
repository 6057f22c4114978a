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

-- What is staged has the columns of what it becomes; the channel and the times of fetching and import stay empty here.
create unlogged table if not exists staging.sales_order with (toast_tuple_target = 8160) as
table core.sales_order with no data;
alter table staging.sales_order add column if not exists stripped json;
alter table staging.sales_order alter column stripped set storage external;

create unlogged table if not exists staging.order_item as table core.order_item with no data;

create unlogged table if not exists staging.order_consignment as table core.order_consignment with no data;

create unlogged table if not exists staging.order_fee as table core.order_fee with no data;

create unlogged table if not exists staging.order_contact as table core.order_contact with no data;

create unlogged table if not exists staging.order_address as table core.order_address with no data;

create unlogged table if not exists staging.order_text as table core.order_text with no data;

create unlogged table if not exists staging.order_coupon as table core.order_coupon with no data;

create unlogged table if not exists staging.order_tax as table core.order_tax with no data;

create unlogged table if not exists staging.order_message as table core.order_message with no data;

create unlogged table if not exists staging.refund as table core.refund with no data;

create unlogged table if not exists staging.refund_item as table core.refund_item with no data;

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
