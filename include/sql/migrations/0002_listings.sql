-- Listings: what the store sent (raw), and the system of record (core).

create table raw.product (
    channel text not null,
    product_id bigint not null,
    payload json not null,
    content_hash bytea not null,
    reflected text,
    fetched_at timestamptz not null,
    primary key (channel, product_id)
) with (toast_tuple_target = 8160);
alter table raw.product alter column payload set storage external;
comment on table raw.product is 'Each product''s last payload, as the store sent it.';
comment on column raw.product.content_hash is 'SHA-256 of the payload''s bytes.';
comment on column raw.product.reflected is 'The hash of the settings under which core reflects this payload; null: it is to be handled again, for our own rows changed or it left a problem.';
comment on column raw.product.fetched_at is 'Just before the request that brought it was sent, on the warehouse''s clock.';

create table raw.brand (
    channel text not null,
    brand_id bigint not null,
    name text not null,
    primary key (channel, brand_id)
);
comment on table raw.brand is 'The store''s brands, by which products name theirs.';

create table raw.category (
    channel text not null,
    category_id bigint not null,
    path text not null,
    primary key (channel, category_id)
);
comment on table raw.category is 'The store''s categories as paths, such as Shop > Lamps.';

create table core.inventory_item (
    master_sku text primary key,
    quantity bigint,
    price numeric,
    updated_at timestamptz not null default now()
);
create unique index inventory_item_any_case on core.inventory_item (lower(master_sku));
comment on table core.inventory_item is 'Stock and price of what is sold, for all channels. A variant is linked to it by inventory_sku, else by master SKU.';
comment on column core.inventory_item.quantity is 'Units in stock; null: the listing''s own quantity counts.';
comment on column core.inventory_item.price is 'Price before the channel''s rules; null: the listing''s own price counts.';

create table core.listing (
    channel text not null,
    listing_key text not null,
    product_id bigint,
    title text,
    description text,
    type text not null default 'physical' check (type in ('physical', 'digital')),
    weight numeric,
    price numeric,
    brand text,
    categories text[] not null default '{}',
    images text[] not null default '{}',
    custom_fields jsonb not null default '[]',
    status text not null default 'not_listed' check (status in ('not_listed', 'listed', 'hidden', 'delisted')),
    paused boolean not null default false,
    queued_action text check (queued_action in ('hide', 'unhide', 'delist', 'publish', 'overwrite')),
    hidden_as text check (hidden_as in ('invisible', 'unavailable', 'out_of_stock')),
    channel_price numeric,
    channel_visible boolean,
    inventory_tracking text,
    first_seen timestamptz not null default now(),
    last_seen timestamptz,
    primary key (channel, listing_key)
);
create index listing_by_product on core.listing (channel, product_id);
comment on table core.listing is 'A product as a channel sells it. Own values are what the warehouse wants; channel_* is what the store showed last.';
comment on column core.listing.listing_key is 'bc-{product id} where an import made it, else whatever its maker chose.';
comment on column core.listing.product_id is 'The store''s product; null while there is none.';
comment on column core.listing.type is 'physical or digital.';
comment on column core.listing.weight is 'In the store''s unit of weight.';
comment on column core.listing.price is 'In the store''s default currency; the price of each variant that has none of its own.';
comment on column core.listing.categories is 'Paths, such as Shop > Lamps.';
comment on column core.listing.images is 'Addresses, in the order shown.';
comment on column core.listing.custom_fields is 'A JSON array of {"name": ..., "value": ...}.';
comment on column core.listing.status is 'What the store has: not_listed, listed, hidden or delisted.';
comment on column core.listing.paused is 'Nothing is sent to the store while true; observations still come in.';
comment on column core.listing.queued_action is 'hide, unhide, delist (done by the next sync), publish, overwrite (done by the next publish).';
comment on column core.listing.hidden_as is 'By which means the listing was hidden: unhiding undoes just that.';
comment on column core.listing.channel_price is 'The product''s price as the store showed it last.';
comment on column core.listing.inventory_tracking is 'none, product or variant, as the store showed it last.';
comment on column core.listing.last_seen is 'Set when the product is gone: the last complete pull that still had it. See mart.listings.';

create table core.listing_variant (
    channel text not null,
    master_sku text not null,
    listing_key text not null,
    sku text,
    upc text,
    mpn text,
    options jsonb not null default '[]',
    price numeric,
    quantity bigint,
    inventory_sku text,
    variant_id bigint,
    synced_price numeric,
    synced_quantity bigint,
    synced_at timestamptz,
    channel_price numeric,
    channel_price_inherited boolean,
    channel_quantity bigint,
    observed_at timestamptz,
    primary key (channel, master_sku),
    foreign key (channel, listing_key) references core.listing (channel, listing_key) on update cascade on delete cascade
);
create unique index listing_variant_any_case on core.listing_variant (channel, lower(master_sku));
create index listing_variant_by_listing on core.listing_variant (channel, listing_key);
create index listing_variant_by_variant on core.listing_variant (channel, variant_id);
create index listing_variant_by_item on core.listing_variant (lower(coalesce(nullif(inventory_sku, ''), master_sku)));
comment on table core.listing_variant is 'A variant of a listing, in three states: wanted (own values, see core.wanted), synced and observed (channel_*).';
comment on column core.listing_variant.master_sku is 'The channel''s identifier of the variant: its SKU, UPC or MPN; unique without regard to letter case.';
comment on column core.listing_variant.options is 'A JSON array of {"name": ..., "value": ...}, such as colour and size.';
comment on column core.listing_variant.price is 'Null: the listing''s price.';
comment on column core.listing_variant.quantity is 'Null: not managed, never sent.';
comment on column core.listing_variant.inventory_sku is 'The inventory item it is linked to, where that is not the master SKU.';
comment on column core.listing_variant.variant_id is 'The store''s variant; null while there is none.';
comment on column core.listing_variant.synced_price is 'What the store last confirmed to us, or what an import took over; null: never.';
comment on column core.listing_variant.synced_quantity is 'As synced_price, for stock.';
comment on column core.listing_variant.synced_at is 'When synced_* was last set, on the warehouse''s clock.';
comment on column core.listing_variant.channel_price is 'The variant''s price as the store showed it last: its own, else the product''s.';
comment on column core.listing_variant.channel_price_inherited is 'Whether that price is the product''s.';
comment on column core.listing_variant.channel_quantity is 'The stock as the store reported it last, tracked or not.';
comment on column core.listing_variant.observed_at is 'When the store last showed something new of this variant.';

-- An unchanged payload is not handled again unless our own rows changed since. Whoever changes them, in whichever way,
-- these triggers notice; Storekeeper's own writes announce themselves by the setting storekeeper.own_write.
create function core.note_changed_listings() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if current_setting('storekeeper.own_write', true) = 'on' then
        return null;
    end if;
    update raw.product as p set reflected = null
    from changed as c
    where p.channel = c.channel and p.product_id = c.product_id and p.reflected is not null;
    return null;
end $$;

create function core.note_changed_variants() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if current_setting('storekeeper.own_write', true) = 'on' then
        return null;
    end if;
    update raw.product as p set reflected = null
    from changed as c
    inner join core.listing as l on l.channel = c.channel and l.listing_key = c.listing_key
    where p.channel = l.channel and p.product_id = l.product_id and p.reflected is not null;
    return null;
end $$;

-- Only whether an item decides a price or a quantity matters to an import, not which.
create function core.note_changed_items() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update raw.product as p set reflected = null
    from changed as c
    inner join core.listing_variant as v
        on lower(coalesce(nullif(v.inventory_sku, ''), v.master_sku)) = lower(c.master_sku)
    inner join core.listing as l on l.channel = v.channel and l.listing_key = v.listing_key
    where p.channel = l.channel and p.product_id = l.product_id and p.reflected is not null;
    return null;
end $$;

create function core.note_changed_item() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update raw.product as p set reflected = null
    from core.listing_variant as v
    inner join core.listing as l on l.channel = v.channel and l.listing_key = v.listing_key
    where lower(coalesce(nullif(v.inventory_sku, ''), v.master_sku)) in (lower(new.master_sku), lower(old.master_sku))
        and p.channel = l.channel and p.product_id = l.product_id and p.reflected is not null;
    return null;
end $$;

create trigger note_inserted after insert on core.listing
referencing new table as changed for each statement execute function core.note_changed_listings();
create trigger note_updated after update on core.listing
referencing new table as changed for each statement execute function core.note_changed_listings();
create trigger note_deleted after delete on core.listing
referencing old table as changed for each statement execute function core.note_changed_listings();

create trigger note_inserted after insert on core.listing_variant
referencing new table as changed for each statement execute function core.note_changed_variants();
create trigger note_updated after update on core.listing_variant
referencing new table as changed for each statement execute function core.note_changed_variants();
create trigger note_deleted after delete on core.listing_variant
referencing old table as changed for each statement execute function core.note_changed_variants();

create trigger note_inserted after insert on core.inventory_item
referencing new table as changed for each statement execute function core.note_changed_items();
create trigger note_deleted after delete on core.inventory_item
referencing old table as changed for each statement execute function core.note_changed_items();
create trigger note_decides after update on core.inventory_item for each row
when (
    (old.price is null) <> (new.price is null)
    or (old.quantity is null) <> (new.quantity is null)
    or old.master_sku <> new.master_sku
) execute function core.note_changed_item();
