-- sync_listings/plan: what is queued for listings: hiding, showing again, deleting.
-- Grain    (listing, action).
-- Reads    core.listing, core.listing_variant, core.wanted, raw.product.   Writes  staging.plan, staging.problem.
-- Hiding by stock is done by the stock itself; settle_stock_actions notices when it is.

with queued as materialized (
    select
        l.listing_key,
        l.product_id,
        l.queued_action,
        case
            when l.product_id is null or l.status not in ('listed', 'hidden') then 'not_in_store'
            when
                (
                    (l.queued_action = 'hide' and :hide_as = 'out_of_stock' and l.status = 'listed')
                    or (l.queued_action = 'unhide' and l.hidden_as = 'out_of_stock')
                )
                and exists (
                    select 1
                    from core.listing_variant as v
                    inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
                    where v.channel = :channel and v.listing_key = l.listing_key and v.variant_id is not null and w.quantity is null
                )
                then 'inventory_not_tracked'
        end as reason,
        case
            when l.queued_action = 'delist' then 'delist'
            when l.queued_action = 'hide' and l.status = 'listed' and :hide_as = 'out_of_stock' then 'stock'
            when l.queued_action = 'unhide' and l.hidden_as = 'out_of_stock' then 'stock'
            when l.queued_action = 'hide' and l.hidden_as = 'out_of_stock' then 'stock'
            when l.queued_action = 'hide' then 'products'
            else 'showing'
        end as call,
        case
            when l.queued_action = 'hide' and l.status <> 'hidden' then :hide_as
            else coalesce(l.hidden_as, 'invisible')
        end as means,
        coalesce(l.available_as, 'available') as available_as,
        jsonb_strip_nulls(
            jsonb_build_object(
                'status', l.status,
                'is_visible', l.channel_visible,
                'availability', case
                    when l.hidden_as = 'unavailable' then 'disabled'
                    else ( -- as the last import saw it: that it was disabled may have been our own hiding
                        select nullif(r.payload ->> 'availability', 'disabled') from raw.product as r
                        where r.channel = l.channel and r.product_id = l.product_id
                    )
                end
            )
        ) as former
    from core.listing as l
    where
        l.channel = :channel
        and l.queued_action in ('hide', 'unhide', 'delist')
        and not l.paused
        and (
            :everything
            or exists (
                select 1 from core.listing_variant as v
                where v.channel = :channel and v.listing_key = l.listing_key and lower(v.master_sku) = any(cast(:skus as text[]))
            )
        )
),

refused as (
    insert into staging.problem (entity, entity_key, reason, message, source)
    select
        'listing',
        q.listing_key,
        q.reason,
        case q.reason
            when 'not_in_store' then format('Listing %s cannot be changed (%s): it is not in the store.', q.listing_key, q.queued_action)
            else format('Listing %s cannot be hidden or shown by its stock: not all of its variants'' is managed.', q.listing_key)
        end,
        'listing/' || q.listing_key
    from queued as q
    where q.reason is not null
)

insert into staging.plan (call, item, entity, entity_key, action, listing_key, product_id, sent, former, guard)
select
    q.call,
    q.product_id::text,
    'listing',
    q.listing_key,
    q.queued_action,
    q.listing_key,
    q.product_id,
    case
        when q.queued_action = 'delist' then '{}'
        when q.means = 'unavailable'
            then jsonb_build_object('availability', case q.queued_action when 'hide' then 'disabled' else q.available_as end)
        else jsonb_build_object('is_visible', q.queued_action = 'unhide')
    end,
    q.former,
    case q.queued_action when 'hide' then 'hidden' when 'delist' then 'delisted' end
from queued as q
where q.reason is null and q.call <> 'stock';
