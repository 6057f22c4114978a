-- Orders: what the store sent, stripped (raw), and the system of record (core); shoppers' data in tables of their own.

create table raw.sales_order (
    channel text not null,
    order_id bigint not null,
    payload json not null,
    content_hash bytea not null,
    reflected text not null,
    fetched_at timestamptz not null,
    as_of timestamptz not null,
    primary key (channel, order_id)
) with (toast_tuple_target = 8160);
alter table raw.sales_order alter column payload set storage external;
comment on table raw.sales_order is 'Each imported order''s last payload, stripped of all that tells of the shopper.';
comment on column raw.sales_order.channel is 'The store, by its channel''s name.';
comment on column raw.sales_order.order_id is 'The store''s order.';
comment on column raw.sales_order.payload is 'What the store sent of the order and its lines, without names, addresses, messages and free text.';
comment on column raw.sales_order.content_hash is 'SHA-256 of the whole payload''s bytes.';
comment on column raw.sales_order.reflected is 'Which version of the transform, with which details, core reflects.';
comment on column raw.sales_order.fetched_at is 'Just before the request that brought it was sent, on the warehouse''s clock.';
comment on column raw.sales_order.as_of is 'The store''s clock when the pull that brought it began: what changed since is not in it.';

create table core.order_status (
    status_id smallint primary key,
    name text not null
);
comment on table core.order_status is 'BigCommerce''s order statuses. A store may show them under other names: compare ids.';
comment on column core.order_status.status_id is 'BigCommerce''s id.';
comment on column core.order_status.name is 'BigCommerce''s own name.';
insert into core.order_status (status_id, name) values
(0, 'Incomplete'), (1, 'Pending'), (2, 'Shipped'), (3, 'Partially Shipped'), (4, 'Refunded'), (5, 'Cancelled'),
(6, 'Declined'), (7, 'Awaiting Payment'), (8, 'Awaiting Pickup'), (9, 'Awaiting Shipment'), (10, 'Completed'),
(11, 'Awaiting Fulfillment'), (12, 'Manual Verification Required'), (13, 'Disputed'), (14, 'Partially Refunded');

create table core.sales_order (
    channel text not null,
    order_id bigint not null,
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
    digital boolean not null default false,
    deleted boolean not null default false,
    fetched_at timestamptz not null,
    imported_at timestamptz not null default now(),
    primary key (channel, order_id)
);
create index sales_order_by_creation on core.sales_order (channel, created_at);
comment on table core.sales_order is 'Orders as the store has them; nothing in it tells who the shopper is. Money with tax unless the name says otherwise, in the order''s currency.';
comment on column core.sales_order.channel is 'The store, by its channel''s name.';
comment on column core.sales_order.order_id is 'The store''s order.';
comment on column core.sales_order.status_id is 'See core.order_status.';
comment on column core.sales_order.custom_status is 'The status under the name that the store gives it.';
comment on column core.sales_order.created_at is 'When the store says that it was placed.';
comment on column core.sales_order.modified_at is 'When the store says that it changed last; a version with an older one never replaces it.';
comment on column core.sales_order.shipped_at is 'When it was fully shipped; null: not yet.';
comment on column core.sales_order.currency is 'What the shopper paid in (default_currency_code).';
comment on column core.sales_order.store_currency is 'The store''s own currency.';
comment on column core.sales_order.exchange_rate is 'From the store''s currency to the order''s.';
comment on column core.sales_order.subtotal is 'All lines.';
comment on column core.sales_order.subtotal_ex_tax is 'All lines, without tax.';
comment on column core.sales_order.shipping is 'Shipping cost.';
comment on column core.sales_order.handling is 'Handling cost.';
comment on column core.sales_order.wrapping is 'Gift wrapping cost.';
comment on column core.sales_order.tax is 'All tax in the total.';
comment on column core.sales_order.discount is 'Discounts other than coupons.';
comment on column core.sales_order.coupon_discount is 'Discounts by coupons.';
comment on column core.sales_order.gift_certificate is 'Paid by gift certificate.';
comment on column core.sales_order.store_credit is 'Paid by store credit.';
comment on column core.sales_order.total is 'What the order costs.';
comment on column core.sales_order.total_ex_tax is 'What the order costs, without tax.';
comment on column core.sales_order.items_total is 'Units ordered.';
comment on column core.sales_order.items_shipped is 'Units shipped.';
comment on column core.sales_order.payment_method is 'As the store calls it.';
comment on column core.sales_order.payment_status is 'As the store calls it.';
comment on column core.sales_order.source is 'Where it was placed: www, manual, ...';
comment on column core.sales_order.sales_channel_id is 'BigCommerce''s own sales channel.';
comment on column core.sales_order.external_source is 'The system that handed it in, if any.';
comment on column core.sales_order.external_order_id is 'Its number in another system, if any.';
comment on column core.sales_order.country is 'Two-letter country of the billing address.';
comment on column core.sales_order.digital is 'Whether nothing of it is to be shipped.';
comment on column core.sales_order.deleted is 'Whether it was deleted (archived) in the store.';
comment on column core.sales_order.fetched_at is 'Just before the request that brought it was sent, on the warehouse''s clock.';
comment on column core.sales_order.imported_at is 'When the warehouse first had it.';

create table core.order_item (
    channel text not null,
    order_id bigint not null,
    order_product_id bigint not null,
    fulfilment text not null check (fulfilment in ('shipping', 'pickup', 'digital', 'gift_certificate')),
    consignment_id bigint not null,
    type text,
    product_id bigint,
    variant_id bigint,
    sku text,
    upc text,
    name text,
    options jsonb not null default '[]',
    quantity bigint not null,
    quantity_shipped bigint not null,
    quantity_refunded bigint not null,
    unit_price numeric,
    unit_price_ex_tax numeric,
    line_total numeric,
    line_tax numeric,
    discount numeric,
    parent_order_product_id bigint,
    primary key (channel, order_id, order_product_id)
);
create index listing_variant_by_sku on core.listing_variant (channel, lower(sku));
create index order_item_by_variant on core.order_item (channel, variant_id);
comment on table core.order_item is 'The lines of an order, replaced with it as a unit.';
comment on column core.order_item.channel is 'The store, by its channel''s name.';
comment on column core.order_item.order_id is 'The store''s order.';
comment on column core.order_item.order_product_id is 'The store''s id of the line.';
comment on column core.order_item.fulfilment is 'How it reaches the shopper: shipping, pickup, digital or gift_certificate.';
comment on column core.order_item.consignment_id is 'The consignment it belongs to: its shipping address or pickup; 0: none.';
comment on column core.order_item.type is 'physical, digital or giftcertificate, as the store says.';
comment on column core.order_item.product_id is 'The store''s product; null: a custom one.';
comment on column core.order_item.variant_id is 'The store''s variant; null: a custom product.';
comment on column core.order_item.sku is 'The SKU when it was ordered.';
comment on column core.order_item.upc is 'The UPC when it was ordered.';
comment on column core.order_item.name is 'The product''s name when it was ordered.';
comment on column core.order_item.options is 'Chosen options and modifiers, a JSON array of {"name": ..., "type": ..., "value": ...}; the value of free text stands in core.order_text.';
comment on column core.order_item.quantity is 'Units ordered.';
comment on column core.order_item.quantity_shipped is 'Units shipped.';
comment on column core.order_item.quantity_refunded is 'Units refunded.';
comment on column core.order_item.unit_price is 'Of one unit, with tax, before discounts of the order.';
comment on column core.order_item.unit_price_ex_tax is 'Of one unit, without tax.';
comment on column core.order_item.line_total is 'Of all units, with tax.';
comment on column core.order_item.line_tax is 'The tax in line_total.';
comment on column core.order_item.discount is 'The line''s share of discounts and coupons.';
comment on column core.order_item.parent_order_product_id is 'The line that it is a part of; null: none.';

create table core.order_consignment (
    channel text not null,
    order_id bigint not null,
    kind text not null check (kind in ('shipping', 'pickup', 'digital', 'gift_certificate')),
    consignment_id bigint not null,
    method text,
    cost numeric,
    country text,
    region text,
    items_total bigint,
    items_shipped bigint,
    location_id bigint,
    primary key (channel, order_id, kind, consignment_id)
);
comment on table core.order_consignment is 'The parts of an order that go to one address, pickup or recipient.';
comment on column core.order_consignment.channel is 'The store, by its channel''s name.';
comment on column core.order_consignment.order_id is 'The store''s order.';
comment on column core.order_consignment.kind is 'shipping, pickup, digital or gift_certificate.';
comment on column core.order_consignment.consignment_id is 'Of a shipping consignment the address id (order_address_id) that shipments name; of a pickup its id; else counted from 1.';
comment on column core.order_consignment.method is 'Shipping or pickup method.';
comment on column core.order_consignment.cost is 'Shipping cost, with tax.';
comment on column core.order_consignment.country is 'Two-letter country it goes to.';
comment on column core.order_consignment.region is 'State or province it goes to.';
comment on column core.order_consignment.items_total is 'Units in it.';
comment on column core.order_consignment.items_shipped is 'Units of it that are shipped.';
comment on column core.order_consignment.location_id is 'The location of a pickup.';

create table core.order_fee (
    channel text not null,
    order_id bigint not null,
    fee_id bigint not null,
    type text,
    name text,
    cost numeric,
    tax numeric,
    primary key (channel, order_id, fee_id)
);
comment on table core.order_fee is 'Fees of an order.';
comment on column core.order_fee.channel is 'The store, by its channel''s name.';
comment on column core.order_fee.order_id is 'The store''s order.';
comment on column core.order_fee.fee_id is 'The store''s fee.';
comment on column core.order_fee.type is 'As the store calls it.';
comment on column core.order_fee.name is 'As the shopper reads it.';
comment on column core.order_fee.cost is 'With tax, in the order''s currency.';
comment on column core.order_fee.tax is 'The tax in it.';

create table core.order_coupon (
    channel text not null,
    order_id bigint not null,
    coupon_no integer not null,
    coupon_id bigint,
    code text,
    type integer,
    amount numeric,
    discount numeric,
    primary key (channel, order_id, coupon_no)
);
comment on table core.order_coupon is 'Coupons of an order, where the setting get_orders.details asks for them.';
comment on column core.order_coupon.channel is 'The store, by its channel''s name.';
comment on column core.order_coupon.order_id is 'The store''s order.';
comment on column core.order_coupon.coupon_no is 'Counted from 1 in an order.';
comment on column core.order_coupon.coupon_id is 'The store''s coupon.';
comment on column core.order_coupon.code is 'What the shopper typed.';
comment on column core.order_coupon.type is '0: an amount per item, 1: a percentage, 2: an amount per order, 3: free shipping, 4: shipping, 5: a promotion.';
comment on column core.order_coupon.amount is 'The coupon''s own figure: an amount or a percentage.';
comment on column core.order_coupon.discount is 'What it took off this order.';

create table core.order_tax (
    channel text not null,
    order_id bigint not null,
    tax_no integer not null,
    order_product_id bigint,
    name text,
    class text,
    rate numeric,
    amount numeric,
    line_item_type text,
    primary key (channel, order_id, tax_no)
);
comment on table core.order_tax is 'Taxes of an order by line, where the setting get_orders.details asks for them.';
comment on column core.order_tax.channel is 'The store, by its channel''s name.';
comment on column core.order_tax.order_id is 'The store''s order.';
comment on column core.order_tax.tax_no is 'Counted from 1 in an order.';
comment on column core.order_tax.order_product_id is 'The line; null: shipping, handling and the like.';
comment on column core.order_tax.name is 'The tax''s name.';
comment on column core.order_tax.class is 'The tax class.';
comment on column core.order_tax.rate is 'In percent.';
comment on column core.order_tax.amount is 'In the order''s currency.';
comment on column core.order_tax.line_item_type is 'item, shipping, handling or gift-wrapping.';

create table core.order_status_change (
    channel text not null,
    order_id bigint not null,
    changed_at timestamptz not null,
    status_id integer not null,
    seen_at timestamptz not null default now(),
    primary key (channel, order_id, changed_at, status_id)
);
comment on table core.order_status_change is 'Which statuses an order was seen in; the first row is its status when it was imported.';
comment on column core.order_status_change.channel is 'The store, by its channel''s name.';
comment on column core.order_status_change.order_id is 'The store''s order.';
comment on column core.order_status_change.changed_at is 'When the store says that the order changed, with which it showed this status first.';
comment on column core.order_status_change.status_id is 'See core.order_status.';
comment on column core.order_status_change.seen_at is 'When the warehouse saw it.';

create table core.refund (
    channel text not null,
    refund_id bigint not null,
    order_id bigint not null,
    created_at timestamptz not null,
    amount numeric not null,
    tax numeric,
    primary key (channel, refund_id)
);
create index refund_by_order on core.refund (channel, order_id);
comment on table core.refund is 'Refunds of imported orders. V2 says 0 for every order: these are the figures.';
comment on column core.refund.channel is 'The store, by its channel''s name.';
comment on column core.refund.refund_id is 'The store''s refund.';
comment on column core.refund.order_id is 'The order.';
comment on column core.refund.created_at is 'When it was made.';
comment on column core.refund.amount is 'In the order''s currency.';
comment on column core.refund.tax is 'The tax in it.';

create table core.refund_item (
    channel text not null,
    refund_id bigint not null,
    item_no integer not null,
    item_type text,
    item_id bigint,
    quantity bigint,
    amount numeric,
    primary key (channel, refund_id, item_no)
);
comment on table core.refund_item is 'What a refund is for.';
comment on column core.refund_item.channel is 'The store, by its channel''s name.';
comment on column core.refund_item.refund_id is 'The store''s refund.';
comment on column core.refund_item.item_no is 'Counted from 1 in a refund.';
comment on column core.refund_item.item_type is 'PRODUCT, GIFT_WRAPPING, SHIPPING, HANDLING, ORDER or FEE.';
comment on column core.refund_item.item_id is 'The order''s line, address, fee or the order itself.';
comment on column core.refund_item.quantity is 'Units; of products only.';
comment on column core.refund_item.amount is 'In the order''s currency.';

create table core.order_left_out (
    channel text not null,
    order_id bigint not null,
    status_id integer not null,
    created_at timestamptz not null,
    modified_at timestamptz not null,
    reason text not null,
    last_seen timestamptz not null default now(),
    run_no bigint not null references ops.run (run_no),
    primary key (channel, order_id)
);
comment on table core.order_left_out is 'Orders that the store has and the warehouse does not: why.';
comment on column core.order_left_out.channel is 'The store, by its channel''s name.';
comment on column core.order_left_out.order_id is 'The store''s order.';
comment on column core.order_left_out.status_id is 'Its status when a run saw it last.';
comment on column core.order_left_out.created_at is 'When it was placed.';
comment on column core.order_left_out.modified_at is 'When it changed last.';
comment on column core.order_left_out.reason is 'status_not_in_list, too_old, incomplete, deleted or other_sales_channel.';
comment on column core.order_left_out.last_seen is 'When a run saw it last.';
comment on column core.order_left_out.run_no is 'The run that saw it last.';

-- Shoppers' data: nothing else holds any.

create table core.order_contact (
    channel text not null,
    order_id bigint not null,
    customer_id bigint,
    ip_address text,
    customer_message text,
    staff_notes text,
    primary key (channel, order_id)
);
create index order_contact_by_customer on core.order_contact (channel, customer_id);
comment on table core.order_contact is 'Who ordered, and what was written about it. Personal data.';
comment on column core.order_contact.channel is 'The store, by its channel''s name.';
comment on column core.order_contact.order_id is 'The store''s order.';
comment on column core.order_contact.customer_id is 'The store''s customer; null: a guest.';
comment on column core.order_contact.ip_address is 'Where the order came from.';
comment on column core.order_contact.customer_message is 'The shopper''s comment.';
comment on column core.order_contact.staff_notes is 'The staff''s notes.';

create table core.order_address (
    channel text not null,
    order_id bigint not null,
    kind text not null check (kind in ('billing', 'shipping', 'digital', 'gift_certificate')),
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
    form_fields jsonb not null default '[]',
    primary key (channel, order_id, kind, consignment_id)
);
create index order_address_by_email on core.order_address (lower(email));
comment on table core.order_address is 'Where the bill and each consignment go. Personal data.';
comment on column core.order_address.channel is 'The store, by its channel''s name.';
comment on column core.order_address.order_id is 'The store''s order.';
comment on column core.order_address.kind is 'billing, shipping, digital or gift_certificate.';
comment on column core.order_address.consignment_id is 'As in core.order_consignment; 0 for billing.';
comment on column core.order_address.first_name is 'First name.';
comment on column core.order_address.last_name is 'Last name.';
comment on column core.order_address.company is 'Company.';
comment on column core.order_address.street_1 is 'First line of the street.';
comment on column core.order_address.street_2 is 'Second line of the street.';
comment on column core.order_address.city is 'City.';
comment on column core.order_address.region is 'State or province.';
comment on column core.order_address.postal_code is 'Postal code, as text.';
comment on column core.order_address.country is 'Two-letter country.';
comment on column core.order_address.country_name is 'The country''s name as the store has it.';
comment on column core.order_address.phone is 'Telephone number.';
comment on column core.order_address.email is 'E-mail address.';
comment on column core.order_address.form_fields is 'The store''s own fields, a JSON array of {"name": ..., "value": ...}.';

create table core.order_text (
    channel text not null,
    order_id bigint not null,
    order_product_id bigint not null,
    text_no integer not null,
    name text,
    value text,
    primary key (channel, order_id, order_product_id, text_no)
);
comment on table core.order_text is 'What shoppers typed for a line: engravings, dates, uploads, gift messages. Personal data.';
comment on column core.order_text.channel is 'The store, by its channel''s name.';
comment on column core.order_text.order_id is 'The store''s order.';
comment on column core.order_text.order_product_id is 'The line.';
comment on column core.order_text.text_no is 'Counted from 1 in a line.';
comment on column core.order_text.name is 'The option''s name, or wrapping_message.';
comment on column core.order_text.value is 'What was typed.';

create table core.order_message (
    channel text not null,
    order_id bigint not null,
    message_id bigint not null,
    type text,
    subject text,
    message text,
    status text,
    sent_at timestamptz,
    primary key (channel, order_id, message_id)
);
comment on table core.order_message is 'Messages about an order, where the setting get_orders.details asks for them. Personal data.';
comment on column core.order_message.channel is 'The store, by its channel''s name.';
comment on column core.order_message.order_id is 'The store''s order.';
comment on column core.order_message.message_id is 'The store''s message.';
comment on column core.order_message.type is 'customer or staff, as the store says.';
comment on column core.order_message.subject is 'Its subject.';
comment on column core.order_message.message is 'Its text.';
comment on column core.order_message.status is 'read or unread.';
comment on column core.order_message.sent_at is 'When it was written.';

create table core.forgotten_shopper (
    channel text not null,
    kind text not null check (kind in ('email', 'customer_id')),
    key_hash bytea not null,
    forgotten_at timestamptz not null default now(),
    primary key (channel, kind, key_hash)
);
comment on table core.forgotten_shopper is 'Shoppers whose data must not come back: every load looks here.';
comment on column core.forgotten_shopper.channel is 'The store, by its channel''s name; *: all.';
comment on column core.forgotten_shopper.kind is 'email or customer_id.';
comment on column core.forgotten_shopper.key_hash is 'core.shopper_hash of the e-mail address or the customer id.';
comment on column core.forgotten_shopper.forgotten_at is 'When it was asked for first.';

create table ops.erasure (
    erasure_no bigint generated always as identity primary key,
    run_no bigint not null references ops.run (run_no),
    channel text not null,
    kind text not null,
    orders bigint not null,
    rows bigint not null,
    erased_at timestamptz not null default now()
);
comment on table ops.erasure is 'Each time a shopper''s data was erased; without a word on who it was.';
comment on column ops.erasure.erasure_no is 'Its number.';
comment on column ops.erasure.run_no is 'The run that did it.';
comment on column ops.erasure.channel is 'The store, by its channel''s name; *: all.';
comment on column ops.erasure.kind is 'By email or by customer_id.';
comment on column ops.erasure.orders is 'How many orders lost personal data.';
comment on column ops.erasure.rows is 'How many rows were erased.';
comment on column ops.erasure.erased_at is 'When.';

create table ops.shopper_salt (salt text not null);
comment on table ops.shopper_salt is 'What makes the hashes of shoppers this warehouse''s own.';
comment on column ops.shopper_salt.salt is 'A random text, made once.';
insert into ops.shopper_salt (salt) values (gen_random_uuid()::text || gen_random_uuid()::text);

create function core.shopper_hash(kind text, key text) returns bytea
language sql stable set search_path = '' as $$
    select sha256(convert_to(s.salt || kind || ':' || lower(btrim(key)), 'UTF8')) from ops.shopper_salt as s
$$;
comment on function core.shopper_hash is 'How a shopper is remembered as forgotten: a salted SHA-256 without regard to letter case.';

-- How far Get Orders has come, and with which filters.

alter table ops.watermark add column filters jsonb;
alter table ops.watermark add column complete_at timestamptz;
alter table ops.watermark add column behind timestamptz;
comment on column ops.watermark.behind is 'get_orders: some orders were imported as they were at this moment of the store''s clock, before the watermark: the next run asks from here on.';
comment on column ops.watermark.filters is 'get_orders: the filters under which orders up to the watermark were imported; wider ones read the whole creation window.';
comment on column ops.watermark.complete_at is 'get_orders: the store''s clock when the whole creation window was read last.';
comment on column ops.watermark.store_time is 'The store''s own clock when the last pull began: the next one may ask for what changed since.';
comment on table ops.watermark is 'How far an operation has come; moves in the transaction that brings the data.';
comment on column ops.watermark.value is 'The start of the last complete pull (import_listings), or of the last pull (get_orders), on the warehouse''s clock.';
comment on column ops.run.changed_since is 'Only what the store says to have changed since then is pulled, on its own clock; null: all, a window, or chosen records.';
comment on column ops.problem.source is 'The store''s record it came from, product/{id}[/variant/{id}], brand/{id}, category/{id}, order/{id} or refund/{id}: handled without it, the problem closes.';

-- Who may read what; include/sql/marts/99_grants.sql grants it anew whenever the views change.

do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'analyst') then
        create role analyst nologin;
    end if;
    if not exists (select from pg_catalog.pg_roles where rolname = 'engineer') then
        create role engineer nologin;
    end if;
exception
    when duplicate_object or unique_violation then null; -- another database of this server is migrated at this moment
    when insufficient_privilege then
        raise warning 'the roles analyst and engineer are not created: the connection''s role lacks CREATEROLE';
end $$;
