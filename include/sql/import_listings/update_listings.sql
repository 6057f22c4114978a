-- import_listings/load: listings that the warehouse knows: link, observe, and follow the store where they should.
-- Grain    (channel, listing_key).
-- Reads    staging.match, staging.listing, staging.brand, staging.category.   Writes  core.listing, staging.change.
-- Repeat   safe: only rows that differ are touched.
-- Status   what the store shows, except that a hiding by other means than visibility is not lifted, and that what was read
--          before the store confirmed a hiding or showing is no news of it.

with known as materialized (
    select
        l.listing_key,
        d.product_id,
        d.price as store_price,
        case when l.pushed_at > r.fetched_at then l.channel_visible else d.visible end as visible,
        d.inventory_tracking,
        case when :overwrites and :take_title then d.title else l.title end as title,
        case when :overwrites and :take_description then d.description else l.description end as description,
        case when :overwrites and :take_weight then d.weight else l.weight end as weight,
        case when :overwrites and :take_price and p.any_own_price then d.price else l.price end as price,
        case when :overwrites and :take_brand then b.name else l.brand end as brand,
        case when :overwrites and :take_categories then c.paths else l.categories end as categories,
        case when :overwrites and :take_images then d.images else l.images end as images,
        case when :overwrites and :take_custom_fields then d.custom_fields else l.custom_fields end as custom_fields,
        case
            when l.pushed_at > r.fetched_at then l.status
            when not d.visible then 'hidden'
            when l.status = 'hidden' and l.hidden_as in ('unavailable', 'out_of_stock') then 'hidden'
            else 'listed'
        end as status,
        case
            when l.pushed_at > r.fetched_at then l.hidden_as
            when l.status = 'hidden' and (not d.visible or l.hidden_as in ('unavailable', 'out_of_stock'))
                then coalesce(l.hidden_as, 'invisible')
            when not d.visible then 'invisible'
        end as hidden_as
    from (
        select distinct
            m.product_id,
            m.listing_key
        from staging.match as m
        where m.product_id not in (select u.product_id from staging.unmatchable as u)
    ) as m
    inner join core.listing as l on l.channel = :channel and m.listing_key = l.listing_key
    inner join staging.listing as d on m.product_id = d.product_id
    inner join staging.product as r on m.product_id = r.product_id
    left join staging.brand as b on d.brand_id = b.brand_id
    left join lateral (
        select coalesce(array_agg(g.path order by g.path), '{}') as paths
        from staging.category as g
        where g.category_id = any(d.category_ids)
    ) as c on :overwrites and :take_categories
    left join lateral (
        -- a listing's price is the inventory's where items decide the price of all its variants, the new ones too
        select (
            exists (
                select 1
                from core.listing_variant as v
                inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
                where v.channel = :channel and v.listing_key = l.listing_key and not w.price_from_item
            )
            or exists (
                select 1
                from staging.match as n
                left join core.inventory_item as i on lower(n.master_sku) = lower(i.master_sku)
                where n.product_id = m.product_id and n.action = 'new' and i.price is null
            )
        ) as any_own_price
    ) as p on :overwrites and :take_price
),

judged as materialized (
    select
        k.*,
        (
            (l.title, l.description, l.weight, l.price, l.brand, l.categories, l.images, l.custom_fields)
            is distinct from
            (k.title, k.description, k.weight, k.price, k.brand, k.categories, k.images, k.custom_fields)
        ) as overwritten
    from known as k
    inner join core.listing as l on l.channel = :channel and k.listing_key = l.listing_key
),

updated as (
    update core.listing as l set
        product_id = k.product_id,
        title = k.title,
        description = k.description,
        weight = k.weight,
        price = k.price,
        brand = k.brand,
        categories = k.categories,
        images = k.images,
        custom_fields = k.custom_fields,
        status = k.status,
        hidden_as = k.hidden_as,
        channel_price = k.store_price,
        channel_visible = k.visible,
        inventory_tracking = k.inventory_tracking
    from judged as k
    where
        l.channel = :channel
        and l.listing_key = k.listing_key
        and (
            k.overwritten
            or (l.product_id, l.status, l.hidden_as, l.channel_price, l.channel_visible, l.inventory_tracking)
            is distinct from (k.product_id, k.status, k.hidden_as, k.store_price, k.visible, k.inventory_tracking)
        )
    returning l.listing_key, k.overwritten
)

insert into staging.change (channel, listing_key, master_sku, overwritten)
select
    :channel,
    u.listing_key,
    null,
    u.overwritten
from updated as u;
