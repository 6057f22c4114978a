-- import_listings/load: variants that the warehouse knows: observe, link, and follow the store where they should.
-- Grain    (channel, master_sku).
-- Reads    staging.match, staging.variant, staging.listing, staging.product, staging.stock, core.wanted.
-- Writes   core.listing_variant; staging.change and staging.problem (edits that nobody had sent).
-- Repeat   safe: only rows that differ are touched.
-- Order    before update_listings, since an inherited price is compared with the listing's former one.
--          An observation fetched before a confirmed push (synced_at) never replaces it.

with known as materialized (
    select
        v.master_sku,
        v.listing_key,
        m.variant_id,
        p.fetched_at,
        m.action = 'take' as fresh,
        w.price_from_item,
        v.price as old_price,
        v.quantity as old_quantity,
        v.synced_price,
        v.synced_quantity,
        v.in_doubt,
        w.price as old_wanted_price,
        w.quantity as old_wanted_quantity,
        s.price as store_own_price,
        coalesce(s.price, d.price) as store_price,
        coalesce(
            k.quantity,
            case when d.variants = 1 then g.quantity end,
            case when d.variants = 1 and d.inventory_tracking = 'product' then d.inventory_level end,
            s.inventory_level
        ) as store_quantity,
        case
            when d.inventory_tracking = 'none' then null
            when :by_location then coalesce(k.quantity, case when d.variants = 1 then g.quantity end)
            when d.inventory_tracking = 'variant' then s.inventory_level
            when d.variants = 1 then d.inventory_level
        end as stock,
        s.sku as store_sku,
        s.upc as store_upc,
        s.mpn as store_mpn,
        s.options as store_options,
        coalesce(v.synced_at > p.fetched_at, false) as outdated,
        w.quantity_from_item or w.hidden_by_stock as quantity_decided,
        l.inventory_tracking = 'none' as was_untracked,
        :overwrites and :take_identifiers
        and ((v.sku, v.upc, v.mpn, v.options) is distinct from (s.sku, s.upc, s.mpn, s.options)) as takes_identifiers,
        case when :overwrites and :take_price then d.price else l.price end as listing_price
    from staging.match as m
    inner join core.listing_variant as v on v.channel = :channel and m.row_sku = v.master_sku
    inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
    inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
    inner join staging.variant as s on m.variant_id = s.variant_id
    inner join staging.listing as d on s.product_id = d.product_id
    inner join staging.product as p on s.product_id = p.product_id
    left join staging.stock as k on m.variant_id = k.variant_id
    left join staging.stock as g on m.product_id = g.product_id and g.variant_id is null
    where m.product_id not in (select u.product_id from staging.unmatchable as u)
),

chosen as materialized (
    select
        k.*,
        :overwrites and :take_price and not k.price_from_item and not k.outdated as takes_price,
        :overwrites and :take_quantity and not k.quantity_decided and not k.outdated and k.stock is not null as takes_quantity,
        not k.quantity_decided and not k.outdated and not k.fresh and k.stock is not null
        and (k.old_quantity is not distinct from k.synced_quantity)
        and not 'quantity' = any(k.in_doubt)
        and (k.old_quantity is not null or coalesce(k.was_untracked, false)) as follows_quantity
    from known as k
),

wanted as materialized (
    select
        c.*,
        case when c.takes_price then c.store_own_price else c.old_price end as price,
        case when c.takes_quantity or c.follows_quantity then c.stock else c.old_quantity end as quantity,
        case
            when c.price_from_item then c.old_wanted_price
            when c.takes_price then c.store_price
            else coalesce(c.old_price, c.listing_price)
        end as wanted_price,
        case
            when c.quantity_decided then c.old_wanted_quantity
            when c.takes_quantity or c.follows_quantity then c.stock
            else c.old_quantity
        end as wanted_quantity
    from chosen as c
),

-- Synced is what we and the store agree on. Where both want the same already, that is agreed without a call.
agreed as materialized (
    select
        w.*,
        case
            when w.outdated then w.synced_price
            when w.wanted_price = w.store_price then w.store_price
            when not w.fresh then w.synced_price
        end as new_synced_price,
        case
            when w.outdated then w.synced_quantity
            when w.wanted_quantity = w.stock then w.stock
            when not w.fresh then w.synced_quantity
        end as new_synced_quantity
    from wanted as w
),

updated as (
    update core.listing_variant as v set
        variant_id = a.variant_id,
        price = a.price,
        quantity = a.quantity,
        sku = case when a.takes_identifiers then a.store_sku else v.sku end,
        upc = case when a.takes_identifiers then a.store_upc else v.upc end,
        mpn = case when a.takes_identifiers then a.store_mpn else v.mpn end,
        options = case when a.takes_identifiers then a.store_options else v.options end,
        synced_price = a.new_synced_price,
        synced_quantity = a.new_synced_quantity,
        in_doubt = case when a.fresh then '{}' else v.in_doubt end,
        held_quantity = case when not a.fresh then v.held_quantity end,
        held_wanted = case when not a.fresh then v.held_wanted end,
        synced_at = case
            when
                a.new_synced_price is distinct from v.synced_price or a.new_synced_quantity is distinct from v.synced_quantity
                then a.fetched_at
            else v.synced_at
        end,
        channel_price = case when a.outdated then v.channel_price else a.store_price end,
        channel_price_inherited = case when a.outdated then v.channel_price_inherited else a.store_own_price is null end,
        channel_quantity = case when a.outdated then v.channel_quantity else a.store_quantity end,
        observed_at = case when a.outdated then v.observed_at else a.fetched_at end
    from agreed as a
    where
        v.channel = :channel
        and v.master_sku = a.master_sku
        and (
            v.variant_id is distinct from a.variant_id
            or v.price is distinct from a.price
            or v.quantity is distinct from a.quantity
            or v.synced_price is distinct from a.new_synced_price
            or v.synced_quantity is distinct from a.new_synced_quantity
            or (
                not a.outdated
                and (
                    v.channel_price is distinct from a.store_price
                    or v.channel_price_inherited is distinct from (a.store_own_price is null)
                    or v.channel_quantity is distinct from a.store_quantity
                )
            )
            or a.takes_identifiers
        )
    returning
        v.listing_key,
        v.master_sku,
        a.takes_price and v.price is distinct from a.old_price
        or a.takes_quantity and v.quantity is distinct from a.old_quantity
        or a.takes_identifiers as overwritten
),

unsent as (
    insert into staging.problem (entity, entity_key, reason, message, source)
    select
        'variant',
        a.master_sku,
        'unsent_change_overwritten',
        concat_ws(
            ' ',
            case
                when
                    a.takes_price and not a.fresh
                    and a.old_wanted_price is distinct from a.synced_price and a.old_wanted_price <> a.store_price
                    then format('The price %s, never sent, was replaced by the store''s %s.', a.old_wanted_price, a.store_price)
            end,
            case
                when
                    a.takes_quantity and not a.fresh
                    and a.old_wanted_quantity is distinct from a.synced_quantity and a.old_wanted_quantity <> a.stock
                    then format('The quantity %s, never sent, was replaced by the store''s %s.', a.old_wanted_quantity, a.stock)
            end
        ),
        format('product/%s/variant/%s', m.product_id, a.variant_id)
    from agreed as a
    inner join staging.match as m on a.variant_id = m.variant_id
    where
        not a.fresh
        and (
            (a.takes_price and a.old_wanted_price is distinct from a.synced_price and a.old_wanted_price <> a.store_price)
            or (
                a.takes_quantity
                and a.old_wanted_quantity is distinct from a.synced_quantity and a.old_wanted_quantity <> a.stock
            )
        )
)

insert into staging.change (channel, listing_key, master_sku, overwritten)
select
    :channel,
    u.listing_key,
    u.master_sku,
    u.overwritten
from updated as u;
