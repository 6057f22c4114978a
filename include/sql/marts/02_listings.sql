-- mart.listing_variants, mart.listings: what is listed, what is wanted, and whether the two agree.

create or replace view mart.listing_variants as
select
    v.channel,
    l.product_id,
    v.variant_id,
    v.master_sku,
    v.sku,
    v.upc,
    v.mpn,
    l.title,
    v.options,
    case when v.variant_id is null and l.status in ('listed', 'hidden') then 'not_listed' else l.status end as status,
    l.paused,
    w.price,
    w.quantity,
    v.channel_price,
    v.channel_quantity,
    not(
        l.queued_action is not null
        or (
            v.variant_id is not null
            and not w.link_lost
            and (
                v.in_doubt <> '{}'
                or (f.names ? 'price' and w.price is not null and w.price is distinct from v.synced_price)
                or (f.names ? 'quantity' and w.quantity is not null and w.quantity is distinct from v.synced_quantity)
                or (f.names ? 'sale_price' and w.sale_price is not null and w.sale_price is distinct from v.synced_sale_price)
                or (f.names ? 'cost_price' and w.cost_price is not null and w.cost_price is distinct from v.synced_cost_price)
                or (f.names ? 'retail_price' and w.retail_price is not null and w.retail_price is distinct from v.synced_retail_price)
                or (f.names ? 'weight' and w.weight is not null and w.weight is distinct from v.synced_weight)
            )
        )
    ) as in_sync,
    coalesce(v.variant_id is not null and v.synced_price <> v.channel_price, false)
    or coalesce(v.variant_id is not null and v.synced_quantity <> v.channel_quantity, false) as drift,
    w.linked,
    v.synced_at as last_synced_at,
    v.listing_key
from core.listing_variant as v
inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
left join ops.channel as c on v.channel = c.channel
cross join lateral (select coalesce(c.rules -> 'fields', '["price", "quantity"]') as names) as f;

comment on view mart.listing_variants is 'One row a variant of a channel: identifiers, what is wanted, what the store shows, whether they agree.';
comment on column mart.listing_variants.channel is 'The store, by its channel''s name.';
comment on column mart.listing_variants.product_id is 'The store''s product; null while there is none.';
comment on column mart.listing_variants.variant_id is 'The store''s variant; null while there is none.';
comment on column mart.listing_variants.master_sku is 'The channel''s identifier of the variant.';
comment on column mart.listing_variants.sku is 'Stock keeping unit.';
comment on column mart.listing_variants.upc is 'Universal product code, as text: leading zeros matter.';
comment on column mart.listing_variants.mpn is 'Manufacturer''s part number.';
comment on column mart.listing_variants.title is 'The product''s name.';
comment on column mart.listing_variants.options is 'A JSON array of {"name": ..., "value": ...}.';
comment on column mart.listing_variants.status is 'not_listed, listed, hidden or delisted.';
comment on column mart.listing_variants.paused is 'Nothing is sent to the store while true.';
comment on column mart.listing_variants.price is 'Wanted, after the channel''s rules, in the store''s default currency.';
comment on column mart.listing_variants.quantity is 'Wanted, after the channel''s rules; null: not managed.';
comment on column mart.listing_variants.channel_price is 'The store''s price as last seen: the variant''s own, else the product''s.';
comment on column mart.listing_variants.channel_quantity is 'The store''s stock as last seen, tracked or not.';
comment on column mart.listing_variants.in_sync is 'False while something waits to be sent, of the fields that the channel sends.';
comment on column mart.listing_variants.drift is 'True where somebody changed in the store what was last agreed.';
comment on column mart.listing_variants.linked is 'Whether an inventory item decides price or quantity.';
comment on column mart.listing_variants.last_synced_at is 'When store and warehouse last agreed on something new.';
comment on column mart.listing_variants.listing_key is 'The listing it belongs to.';

create or replace view mart.listings as
with o as (
    select
        channel,
        entity_key,
        count(*) as problems
    from ops.problem
    where open and entity = 'variant'
    group by channel, entity_key
),

v as (
    select
        lv.channel,
        lv.listing_key,
        count(*) as variants,
        bool_and(lv.in_sync) as in_sync,
        sum(coalesce(o.problems, 0))::bigint as problems
    from mart.listing_variants as lv
    left join o on lv.channel = o.channel and lv.master_sku = o.entity_key
    group by lv.channel, lv.listing_key
)

select
    l.channel,
    l.listing_key,
    l.product_id,
    l.title,
    l.status,
    l.paused,
    l.queued_action,
    coalesce(v.variants, 0) as variants,
    coalesce(v.in_sync, l.queued_action is null) as in_sync,
    coalesce(v.problems, 0) + coalesce(p.problems, 0) as problems,
    l.first_seen,
    case when l.product_id is null then l.last_seen else w.value end as last_seen
from core.listing as l
left join ops.watermark as w on l.channel = w.channel and w.operation = 'import_listings'
left join v on l.channel = v.channel and l.listing_key = v.listing_key
left join lateral (
    select count(*) as problems
    from ops.problem as o
    where
        o.open
        and o.entity in ('listing', 'product')
        and o.channel = l.channel
        and o.entity_key in (l.listing_key, l.product_id::text)
) as p on true;

comment on view mart.listings is 'One row a listing of a channel.';
comment on column mart.listings.channel is 'The store, by its channel''s name.';
comment on column mart.listings.listing_key is 'The listing''s key in the warehouse.';
comment on column mart.listings.product_id is 'The store''s product; null while there is none.';
comment on column mart.listings.title is 'The product''s name.';
comment on column mart.listings.status is 'not_listed, listed, hidden or delisted.';
comment on column mart.listings.paused is 'Nothing is sent to the store while true.';
comment on column mart.listings.queued_action is 'hide, unhide, delist, publish or overwrite: what the next sync or publish will do; null: nothing.';
comment on column mart.listings.variants is 'How many variants it has.';
comment on column mart.listings.in_sync is 'False while something of it waits to be sent.';
comment on column mart.listings.problems is 'Open problems of it and of its variants.';
comment on column mart.listings.first_seen is 'When the warehouse first knew it.';
comment on column mart.listings.last_seen is 'When the last complete pull began that showed it; null: none did.';
