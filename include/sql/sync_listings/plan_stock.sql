-- sync_listings/plan: what is sent of stock, in each product's own way of tracking it; tracking is switched on first where
-- the channel wants that.
-- Grain    a variant; a product.
-- Reads    staging.differing, raw.product, core.listing_variant.   Writes  staging.plan, staging.problem.

with stocked as materialized (
    select
        d.*,
        s.siblings,
        case
            when d.wanted_quantity > 2147483647 then 'quantity_too_large'
            -- siblings without a quantity of ours would be at 0, off sale
            when
                :manage_tracking
                and d.tracking <> 'variant'
                and s.siblings > 1
                and count(*) filter (where d.wanted_quantity <= 2147483647) over (partition by d.product_id) < s.siblings
                then case d.tracking when 'none' then 'inventory_not_tracked' else 'tracked_by_product' end
            when :manage_tracking then null
            when d.tracking = 'none' then 'inventory_not_tracked'
            when d.tracking = 'product' and s.siblings > 1 then 'tracked_by_product'
        end as reason,
        case when s.siblings = 1 and d.tracking <> 'variant' then 'product' else 'variant' end as mode
    from staging.differing as d
    cross join
        lateral (
            select
                case
                    when d.tracking = 'variant' then 2 -- whatever their number, each variant's stock is its own
                    else greatest(
                        (
                            select json_array_length(r.payload -> 'variants') from raw.product as r
                            where r.channel = :channel and r.product_id = d.product_id and json_typeof(r.payload -> 'variants') = 'array'
                        ),
                        (
                            select count(*) from core.listing_variant as v
                            where v.channel = :channel and v.listing_key = d.listing_key and v.variant_id is not null
                        )
                    )
                end as siblings
        ) as s
    where d.sends_quantity
),

refused as (
    insert into staging.problem (entity, entity_key, reason, message, source)
    select
        'variant',
        k.master_sku,
        k.reason,
        case k.reason
            when 'quantity_too_large'
                then format('The quantity %s of %s is more than a store can hold.', k.wanted_quantity, k.master_sku)
            when 'inventory_not_tracked'
                then format('The quantity %s of %s was not sent: the store does not track it.', k.wanted_quantity, k.master_sku)
            else format(
                'The quantity %s of %s was not sent: the store tracks the product''s %s variants as one.',
                k.wanted_quantity,
                k.master_sku,
                k.siblings
            )
        end,
        'variant/' || k.variant_id
    from stocked as k
    where k.reason is not null
    union all
    select
        'variant',
        d.master_sku,
        'negative_quantity',
        format('The quantity of %s is below 0; 0 is sent.', d.master_sku),
        'variant/' || d.variant_id
    from staging.differing as d
    inner join core.wanted as w on w.channel = :channel and d.master_sku = w.master_sku
    where w.quantity_below_zero and d.held is distinct from 'inventory_link_lost'
)

insert into staging.plan (call, item, entity, entity_key, action, listing_key, product_id, variant_id, sent, former, wanted_quantity, guard)
select distinct
    'products',
    k.product_id::text,
    'listing',
    k.listing_key,
    'track_stock',
    k.listing_key,
    k.product_id,
    null::bigint,
    -- a simple product gets its level with the tracking: without it, it would be off sale until its stock is sent
    jsonb_build_object('inventory_tracking', k.mode)
    || case
        when k.mode = 'product' and :at_default_location then jsonb_build_object('inventory_level', k.wanted_quantity) else '{}'
    end,
    jsonb_build_object('inventory_tracking', k.tracking),
    null::bigint,
    null
from stocked as k
where k.reason is null and k.tracking <> k.mode
union all
select
    'stock',
    k.variant_id::text,
    'variant',
    k.master_sku,
    'set_stock',
    k.listing_key,
    k.product_id,
    case when k.mode = 'variant' then k.variant_id end,
    jsonb_build_object('quantity', coalesce(k.restored, k.wanted_quantity), 'location_id', cast(:location_id as integer)),
    jsonb_build_object('quantity', k.former_quantity),
    k.wanted_quantity,
    case
        when k.hides then 'hidden'
        when k.wanted_quantity = 0 and (greatest(k.former_quantity, k.shown_quantity) > 0 or k.tracking = 'none') then 'zeroed'
    end
from stocked as k
where k.reason is null;
