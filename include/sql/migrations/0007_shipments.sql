-- Shipments: what the warehouse has shipped, what the store has of it, and which of it is still to be sent.

-- No version is ever used twice: a shipment that is deleted and written anew is another one.
create sequence core.shipment_version_seq;

create table core.shipment (
    channel text not null,
    shipment_key text not null,
    order_id bigint not null,
    tracking_number text,
    carrier text,
    shipping_method text,
    tracking_link text,
    shipped_at timestamptz,
    cancelled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz,
    version bigint not null default nextval('core.shipment_version_seq'),
    settled_version bigint not null default 0,
    primary key (channel, shipment_key)
);
create index shipment_by_order on core.shipment (channel, order_id);
create index shipment_to_send on core.shipment (channel, order_id) where version <> settled_version;
comment on table core.shipment is 'What was shipped: written by others, sent to the store by Sync Orders. Write a shipment and its lines in one transaction.';
comment on column core.shipment.channel is 'The store, by its channel''s name.';
comment on column core.shipment.shipment_key is 'Your own key of the shipment; sent once, whatever else changes.';
comment on column core.shipment.order_id is 'The store''s order.';
comment on column core.shipment.tracking_number is 'At most 50 characters; null: it has none.';
comment on column core.shipment.carrier is 'Who carries it, as the channel''s sync_orders.carriers names them, in any letter case; null: nobody says.';
comment on column core.shipment.shipping_method is 'How it travels, as the shopper reads it; null: not managed.';
comment on column core.shipment.tracking_link is 'Where the shopper follows it, at most 500 characters; null: as the carrier has it.';
comment on column core.shipment.shipped_at is 'When it left; null: not said. The oldest go first.';
comment on column core.shipment.cancelled_at is 'When it was called off: it is not sent, or deleted from the store where sync_orders.delete_cancelled says so; null: it was not.';
comment on column core.shipment.created_at is 'When the warehouse first had it.';
comment on column core.shipment.updated_at is 'As of when a feed said what it says: an older one never wins; null: no feed has.';
comment on column core.shipment.version is 'Rises by itself with each change of the shipment or its lines; never used twice.';
comment on column core.shipment.settled_version is 'The version that the store has, or that needs nothing there; while it differs, the next run looks at the shipment.';

create table core.shipment_item (
    item_no bigint generated always as identity primary key,
    channel text not null,
    shipment_key text not null,
    order_product_id bigint,
    master_sku text,
    quantity bigint not null default 1,
    foreign key (channel, shipment_key) references core.shipment (channel, shipment_key)
    on delete cascade on update cascade deferrable initially deferred
);
create index shipment_item_by_shipment on core.shipment_item (channel, shipment_key);
comment on table core.shipment_item is 'The lines of a shipment.';
comment on column core.shipment_item.item_no is 'Its number.';
comment on column core.shipment_item.channel is 'The store, by its channel''s name.';
comment on column core.shipment_item.shipment_key is 'The shipment.';
comment on column core.shipment_item.order_product_id is 'The order''s line, by the store''s id; null: master_sku says which.';
comment on column core.shipment_item.master_sku is 'What was shipped, in any letter case, where order_product_id is null: spread over the order''s open lines of it.';
comment on column core.shipment_item.quantity is 'Units in the shipment.';

create function core.raise_shipment_version() returns trigger
language plpgsql set search_path = '' as $$
begin
    if (new.order_id, new.tracking_number, new.carrier, new.shipping_method, new.tracking_link, new.cancelled_at)
        is distinct from
        (old.order_id, old.tracking_number, old.carrier, old.shipping_method, old.tracking_link, old.cancelled_at) then
        new.version := nextval('core.shipment_version_seq');
    end if;
    return new;
end $$;
comment on function core.raise_shipment_version is 'A changed shipment gets another version, whoever changes it.';

create trigger shipment_changed
before update of order_id, tracking_number, carrier, shipping_method, tracking_link, cancelled_at on core.shipment
for each row execute function core.raise_shipment_version();

-- With its owner's rights: whoever may write shipments need not read what was sent.
create function core.keep_shipment_key() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if (new.channel, new.shipment_key) is distinct from (old.channel, old.shipment_key) and (
        exists (
            select 1 from core.store_shipment as p
            where p.channel = old.channel and p.shipment_key = old.shipment_key and p.deleted_at is null
        )
        or exists (
            select 1 from ops.push as p
            where
                p.channel = old.channel and p.entity = 'shipment' and p.entity_key = old.shipment_key
                and p.action = 'create' and p.state in ('pending', 'sending', 'unknown')
        )
    ) then
        raise exception 'shipment % of channel % was sent: under another key it would be sent again',
            old.shipment_key, old.channel
            using errcode = 'restrict_violation', hint = 'Write what is new as a shipment of its own.';
    end if;
    return new;
end $$;
comment on function core.keep_shipment_key is 'What was sent keeps its key: under another one it would be sent again.';

create trigger shipment_renamed
before update of channel, shipment_key on core.shipment
for each row execute function core.keep_shipment_key();

create function core.raise_version_of_lines() returns trigger
language plpgsql set search_path = '' as $$
begin
    update core.shipment as s set version = nextval('core.shipment_version_seq')
    from (select distinct c.channel, c.shipment_key from changed as c) as c
    where s.channel = c.channel and s.shipment_key = c.shipment_key;
    return null;
end $$;
comment on function core.raise_version_of_lines is 'A shipment whose lines changed gets another version, whoever changes them.';

create trigger lines_added after insert on core.shipment_item
referencing new table as changed for each statement execute function core.raise_version_of_lines();
create trigger lines_changed after update on core.shipment_item
referencing new table as changed for each statement execute function core.raise_version_of_lines();
create trigger lines_removed after delete on core.shipment_item
referencing old table as changed for each statement execute function core.raise_version_of_lines();

create table core.store_shipment (
    store_shipment_no bigint generated always as identity primary key,
    channel text not null,
    store_shipment_id bigint,
    order_id bigint not null,
    order_address_id bigint not null,
    shipment_key text,
    tracking_number text not null default '',
    shipping_provider text not null default '',
    tracking_carrier text not null default '',
    shipping_method text,
    tracking_link text not null default '',
    adopted boolean not null default false,
    by_hand boolean not null default false,
    in_doubt boolean not null default false,
    status_due boolean not null default false,
    created_at timestamptz,
    pushed_at timestamptz,
    deleted_at timestamptz,
    deleted_by_us boolean not null default false,
    unique (channel, store_shipment_id)
);
create unique index store_shipment_of_ours on core.store_shipment (channel, shipment_key, order_address_id)
where shipment_key is not null and deleted_at is null and not by_hand;
create index store_shipment_by_key on core.store_shipment (channel, shipment_key);
create index store_shipment_by_order on core.store_shipment (channel, order_id);
create index store_shipment_status_due on core.store_shipment (channel, order_id) where status_due;
comment on table core.store_shipment is 'Shipments as the store has them: those that were sent, and those made by hand in the store of orders that Sync Orders has looked at.';
comment on column core.store_shipment.store_shipment_no is 'Its number here.';
comment on column core.store_shipment.channel is 'The store, by its channel''s name.';
comment on column core.store_shipment.store_shipment_id is 'The store''s id; null: a person has said that it was sent, and the store does not show it.';
comment on column core.store_shipment.order_id is 'The store''s order.';
comment on column core.store_shipment.order_address_id is 'The shipping address of the order that it goes to.';
comment on column core.store_shipment.shipment_key is 'The shipment of the warehouse that it is; null: somebody has made it by hand in the store.';
comment on column core.store_shipment.tracking_number is 'What the store last confirmed; empty: none.';
comment on column core.store_shipment.shipping_provider is 'What the store last confirmed; empty: none.';
comment on column core.store_shipment.tracking_carrier is 'What the store last confirmed, a courier slug; empty: none.';
comment on column core.store_shipment.shipping_method is 'What was sent; null: it was not.';
comment on column core.store_shipment.tracking_link is 'What the store last confirmed; empty: none.';
comment on column core.store_shipment.adopted is 'It was found in the store, not told by the answer to a call of ours.';
comment on column core.store_shipment.by_hand is 'Somebody made it in the store: what the warehouse leaves empty stays as it is there.';
comment on column core.store_shipment.in_doubt is 'A call may have changed it without our knowing: what is wanted is sent again.';
comment on column core.store_shipment.status_due is 'Whether the order''s status follows it is still to be looked at.';
comment on column core.store_shipment.created_at is 'When the store made it, on its own clock.';
comment on column core.store_shipment.pushed_at is 'When the store last confirmed a call of ours about it; null: none.';
comment on column core.store_shipment.deleted_at is 'When it was deleted, or found gone; null: it is there.';
comment on column core.store_shipment.deleted_by_us is 'It was deleted after the warehouse had cancelled it.';

create table core.store_shipment_item (
    store_shipment_no bigint not null
    references core.store_shipment (store_shipment_no) on delete cascade,
    order_product_id bigint not null,
    quantity bigint not null,
    primary key (store_shipment_no, order_product_id)
);
comment on table core.store_shipment_item is 'The lines of a shipment as the store has it.';
comment on column core.store_shipment_item.store_shipment_no is 'The shipment.';
comment on column core.store_shipment_item.order_product_id is 'The order''s line.';
comment on column core.store_shipment_item.quantity is 'Units in the shipment.';

alter table core.sales_order add column shipments_read_at timestamptz;
comment on column core.sales_order.shipments_read_at is 'When Sync Orders last read its shipments one by one, since the store counted other units than the warehouse knew of; null: never.';

comment on column ops.push.entity is 'variant, listing, shipment or order.';
comment on column ops.push.entity_key is 'The master SKU of a variant, else the listing''s or the shipment''s key, or the order''s id.';
comment on column ops.push.action is 'create, link, overwrite, add_variants, remove_variants, add_images, remove_images, remove_custom_fields or assign (publish); set_fields, set_stock, track_stock, hide, unhide or delist (sync); create, adopt, update, delete or set_status (shipments).';
