-- core.wanted: what the warehouse wants of each variant; sync, publish and the marts share it.
-- Grain  (channel, master_sku).
-- Own prices that are edits are rounded to the currency's digits, as the store would; what was agreed on stays as it is.
-- What was ordered since an item's values were true is still in its quantity, shipped or not, until somebody counts anew.
-- It is looked up variant by variant: a join with a sum over all orders would make that sum once for each row of a batch.

create or replace view core.wanted as
select
    v.channel,
    v.master_sku,
    i.master_sku is not null as linked,
    i.price is not null as price_from_item,
    i.quantity is not null as quantity_from_item,
    case
        when v.linked_to is not null and i.master_sku is null then v.synced_price
        when i.price is not null
            then round(i.price * coalesce((c.rules ->> 'price_multiplier')::numeric, 1), coalesce(c.currency_digits, 2))
        when coalesce(v.price, l.price) = v.synced_price then coalesce(v.price, l.price)
        else round(coalesce(v.price, l.price), coalesce(c.currency_digits, 2))
    end as price,
    case
        when
            coalesce(i.quantity, v.quantity) is not null
            and (
                (l.status = 'hidden' and l.hidden_as = 'out_of_stock' and l.queued_action is distinct from 'unhide')
                or (
                    l.queued_action = 'hide'
                    and l.status = 'listed'
                    and c.rules ->> 'hide_as' = 'out_of_stock'
                    -- all of its variants can be at 0, or it is not hidden at all
                    and not exists (
                        select 1
                        from core.listing_variant as s
                        left join core.inventory_item as k
                            on lower(coalesce(nullif(s.inventory_sku, ''), s.master_sku)) = lower(k.master_sku)
                        where
                            s.channel = l.channel
                            and s.listing_key = l.listing_key
                            and s.variant_id is not null
                            and coalesce(k.quantity, s.quantity) is null
                    )
                )
            )
            then 0
        when v.linked_to is not null and i.master_sku is null then v.synced_quantity
        when i.quantity is null then case when v.quantity < 0 then 0 else v.quantity end
        else least(
            greatest(
                i.quantity
                - coalesce(r.units, 0)
                - coalesce((c.rules ->> 'safety_stock')::bigint, 0),
                0
            ),
            (c.rules ->> 'max_quantity')::bigint
        )
    end::bigint as quantity,
    case
        when v.sale_price = v.synced_sale_price then v.sale_price else round(v.sale_price, coalesce(c.currency_digits, 2))
    end as sale_price,
    case
        when v.cost_price = v.synced_cost_price then v.cost_price else round(v.cost_price, coalesce(c.currency_digits, 2))
    end as cost_price,
    case
        when v.retail_price = v.synced_retail_price
            then v.retail_price
        else round(v.retail_price, coalesce(c.currency_digits, 2))
    end as retail_price,
    v.weight,
    v.linked_to is not null and i.master_sku is null as link_lost,
    coalesce(i.quantity, v.quantity) < 0 as quantity_below_zero,
    i.master_sku as item,
    coalesce(
        (l.status = 'hidden' and l.hidden_as = 'out_of_stock')
        or (l.queued_action = 'hide' and l.status = 'listed' and c.rules ->> 'hide_as' = 'out_of_stock'),
        false
    ) as hidden_by_stock
from core.listing_variant as v
inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
left join ops.channel as c on v.channel = c.channel
left join core.inventory_item as i on lower(coalesce(nullif(v.inventory_sku, ''), v.master_sku)) = lower(i.master_sku)
left join lateral (
    select sum(o.quantity - o.quantity_refunded) as units
    from core.listing_variant as u
    inner join core.order_item as o on u.channel = o.channel and u.variant_id = o.variant_id
    inner join core.sales_order as s on o.channel = s.channel and o.order_id = s.order_id
    where
        c.rules ->> 'reserve_open_orders' = 'true'
        and lower(coalesce(nullif(u.inventory_sku, ''), u.master_sku)) = lower(i.master_sku)
        and s.created_at >= i.updated_at
        and s.status_id not in (0, 4, 5, 6) -- incomplete, refunded, cancelled, declined
        and not s.deleted
        and o.quantity > o.quantity_refunded
) as r on true;

drop view if exists core.reserved; -- what it was: core.wanted looks for itself

comment on view core.wanted is 'What the warehouse wants of each variant: the linked inventory item''s values through the channel''s rules, else the listing''s own.';
comment on column core.wanted.channel is 'The store, by its channel''s name.';
comment on column core.wanted.master_sku is 'The variant.';
comment on column core.wanted.linked is 'Whether an inventory item exists for it.';
comment on column core.wanted.price_from_item is 'Whether the item decides the price.';
comment on column core.wanted.quantity_from_item is 'Whether the item decides the quantity.';
comment on column core.wanted.price is 'In the store''s default currency; null: nobody says.';
comment on column core.wanted.quantity is 'Never below 0; null: not managed, never sent.';
comment on column core.wanted.sale_price is 'In the store''s default currency, 0 for none; null: not managed, never sent.';
comment on column core.wanted.cost_price is 'In the store''s default currency; null: not managed, never sent.';
comment on column core.wanted.retail_price is 'In the store''s default currency, 0 for none; null: not managed, never sent.';
comment on column core.wanted.weight is 'In the store''s unit; null: not managed, never sent.';
comment on column core.wanted.link_lost is 'Whether the inventory item that it was linked to is gone: nothing is wanted in its place.';
comment on column core.wanted.quantity_below_zero is 'Whether the quantity was below 0 before the rules.';
comment on column core.wanted.hidden_by_stock is 'Whether its stock in the store is, or is about to be, 0 only because it is hidden so.';
comment on column core.wanted.item is 'The inventory item it is linked to.';
