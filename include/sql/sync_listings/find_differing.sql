-- sync_listings/plan: the variants of which something is to be sent, and those of which something cannot be.
-- Grain    master_sku.
-- Reads    core.wanted, core.listing_variant, core.listing, raw.product.   Writes  staging.differing, staging.problem.
-- Paused listings, those that are not in the store and those about to be deleted there are left alone.

with considered as materialized (
    select
        v.master_sku,
        v.listing_key,
        l.product_id,
        v.variant_id,
        coalesce(v.channel_price_inherited, false) as inherits,
        coalesce(l.inventory_tracking, 'variant') as tracking,
        w.price as wanted_price,
        v.synced_price,
        v.channel_price,
        w.quantity as wanted_quantity,
        v.synced_quantity,
        v.channel_quantity,
        w.link_lost,
        w.quantity_below_zero,
        :price as price_on,
        :quantity or coalesce(l.hidden_as = 'out_of_stock', false) or h.hides or h.shows as quantity_on,
        h.hides,
        h.shows,
        v.in_doubt,
        -- shown again, the store gets back what it had: units sold before it was hidden stay sold
        case when h.shows or not w.hidden_by_stock then v.held_quantity end as held_quantity,
        v.held_wanted,
        w.sale_price,
        v.synced_sale_price,
        w.cost_price,
        v.synced_cost_price,
        w.retail_price,
        v.synced_retail_price,
        w.weight,
        v.synced_weight
    from core.wanted as w
    inner join core.listing_variant as v on w.channel = v.channel and w.master_sku = v.master_sku
    inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
    cross join
        lateral (
            select
                coalesce(l.queued_action = 'hide' and :hide_as = 'out_of_stock' and l.status = 'listed', false) as hides,
                coalesce(l.queued_action = 'unhide' and l.hidden_as = 'out_of_stock', false) as shows
        ) as h
    where
        w.channel = :channel
        and v.variant_id is not null
        and l.product_id is not null
        and not l.paused
        and l.status in ('listed', 'hidden')
        and l.queued_action is distinct from 'delist'
        and (:everything or lower(w.master_sku) = any(cast(:skus as text[])))
),

judged as (
    select
        c.*,
        c.price_on
        and not c.link_lost
        and c.wanted_price is not null
        and (
            c.wanted_price is distinct from c.synced_price
            or 'price' = any(c.in_doubt)
            or (:put_back and c.wanted_price is distinct from c.channel_price)
        ) as price_differs,
        c.quantity_on
        and not c.link_lost
        and c.wanted_quantity is not null
        and (
            c.wanted_quantity is distinct from c.synced_quantity
            or 'quantity' = any(c.in_doubt)
            or (c.hides and c.channel_quantity is distinct from 0)
            or (:put_stock_back and c.wanted_quantity is distinct from c.channel_quantity)
        ) as quantity_differs,
        jsonb_strip_nulls(jsonb_build_object(
            'sale_price',
            case
                when :sale_price and (c.sale_price is distinct from c.synced_sale_price or 'sale_price' = any(c.in_doubt)) then c.sale_price
            end,
            'cost_price',
            case
                when :cost_price and (c.cost_price is distinct from c.synced_cost_price or 'cost_price' = any(c.in_doubt)) then c.cost_price
            end,
            'retail_price',
            case
                when :retail_price and (c.retail_price is distinct from c.synced_retail_price or 'retail_price' = any(c.in_doubt))
                    then c.retail_price
            end,
            'weight',
            case when :weight and (c.weight is distinct from c.synced_weight or 'weight' = any(c.in_doubt)) then c.weight end
        )) as fields
    from considered as c
)

insert into staging.differing (
    master_sku, listing_key, product_id, variant_id, inherits, tracking, wanted_price, former_price, wanted_quantity,
    former_quantity, shown_quantity, restored, fields, former, sends_price, sends_quantity, hides, shows, held, change_factor
)
select
    j.master_sku,
    j.listing_key,
    j.product_id,
    j.variant_id,
    j.inherits,
    j.tracking,
    j.wanted_price,
    coalesce(j.synced_price, j.channel_price),
    j.wanted_quantity,
    coalesce(j.synced_quantity, j.channel_quantity),
    j.channel_quantity,
    case when j.wanted_quantity = j.held_wanted then j.held_quantity end,
    j.fields,
    jsonb_build_object(
        'sale_price', j.synced_sale_price,
        'cost_price', j.synced_cost_price,
        'retail_price', j.synced_retail_price,
        'weight', j.synced_weight
    ),
    j.price_differs,
    j.quantity_differs,
    j.hides,
    j.shows,
    case
        when j.link_lost then 'inventory_link_lost'
        when j.price_on and j.wanted_price is null then 'missing_price'
        when j.price_differs and (j.wanted_price < 0 or j.wanted_price >= 'Infinity') then 'invalid_price' -- NaN is above all
        when j.price_differs and j.wanted_price < :min_price then 'price_below_minimum'
    end,
    case
        when not j.price_differs or coalesce(j.synced_price, j.channel_price, 0) = 0 then 1
        when j.wanted_price <= 0 or j.wanted_price >= 'Infinity' then 1e6
        else greatest(
            j.wanted_price / coalesce(j.synced_price, j.channel_price), coalesce(j.synced_price, j.channel_price) / j.wanted_price
        )
    end
from judged as j
where
    j.price_differs
    or j.quantity_differs
    or j.fields <> '{}'
    or j.link_lost
    or (j.price_on and j.wanted_price is null)
    or (j.quantity_on and j.quantity_below_zero);

analyze staging.differing;
