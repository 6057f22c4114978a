-- import_listings/load: products and variants that the warehouse does not know become listings: own values, synced and
-- observed are all what the store has.
-- Grain    (channel, listing_key); (channel, master_sku).
-- Reads    staging.match, staging.listing, staging.variant, staging.product, staging.stock, staging.brand, staging.category.
-- Writes   core.listing, core.listing_variant.   Repeat  safe: a created row matches as 'same'.

insert into core.listing (
    channel, listing_key, product_id, title, description, type, weight, price, brand, categories, images, custom_fields,
    status, hidden_as, paused, channel_price, channel_visible, inventory_tracking
)
select
    :channel,
    m.listing_key,
    d.product_id,
    d.title,
    d.description,
    d.type,
    d.weight,
    d.price,
    b.name,
    coalesce(c.paths, '{}'),
    d.images,
    d.custom_fields,
    case when d.visible then 'listed' else 'hidden' end,
    case when not d.visible then 'invisible' end,
    :paused,
    d.price,
    d.visible,
    d.inventory_tracking
from (
    select distinct
        m.product_id,
        m.listing_key
    from staging.match as m
    where m.product_id not in (select u.product_id from staging.unmatchable as u)
) as m
inner join staging.listing as d on m.product_id = d.product_id
left join staging.brand as b on d.brand_id = b.brand_id
left join (
    select
        o.product_id,
        array_agg(g.path order by g.path) as paths
    from staging.listing as o
    inner join staging.category as g on g.category_id = any(o.category_ids)
    group by o.product_id
) as c on m.product_id = c.product_id
where not exists (
    select 1 from core.listing as l
    where l.channel = :channel and l.listing_key = m.listing_key
);

insert into core.listing_variant (
    channel, master_sku, listing_key, sku, upc, mpn, options, price, quantity, variant_id, synced_price, synced_quantity,
    synced_at, channel_price, channel_price_inherited, channel_quantity, observed_at
)
select
    :channel,
    m.master_sku,
    m.listing_key,
    s.sku,
    s.upc,
    s.mpn,
    s.options,
    -- where the listing keeps a price of its own, a variant that inherits the store's cannot inherit ours
    case when s.price is null and (l.price is distinct from d.price) then d.price else s.price end,
    q.stock,
    m.variant_id,
    coalesce(s.price, d.price),
    q.stock,
    p.fetched_at,
    coalesce(s.price, d.price),
    s.price is null,
    coalesce(
        k.quantity,
        case when d.variants = 1 then g.quantity end,
        case when d.variants = 1 and d.inventory_tracking = 'product' then d.inventory_level end,
        s.inventory_level
    ),
    p.fetched_at
from staging.match as m
inner join staging.variant as s on m.variant_id = s.variant_id
inner join staging.listing as d on s.product_id = d.product_id
inner join staging.product as p on s.product_id = p.product_id
inner join core.listing as l on l.channel = :channel and m.listing_key = l.listing_key
left join staging.stock as k on m.variant_id = k.variant_id
left join staging.stock as g on m.product_id = g.product_id and g.variant_id is null
cross join
    lateral (
        select
            case
                when d.inventory_tracking = 'none' then null
                when :by_location then coalesce(k.quantity, case when d.variants = 1 then g.quantity end)
                when d.inventory_tracking = 'variant' then s.inventory_level
                when d.variants = 1 then d.inventory_level
            end as stock
    ) as q
where m.action = 'new' and m.product_id not in (select u.product_id from staging.unmatchable as u);
