-- core.wanted: what the warehouse wants of each variant; sync, publish and the marts share it.
-- Grain  (channel, master_sku).

create or replace view core.wanted as
select
    v.channel,
    v.master_sku,
    i.master_sku is not null as linked,
    i.price is not null as price_from_item,
    i.quantity is not null as quantity_from_item,
    coalesce(
        round(i.price * coalesce((c.rules ->> 'price_multiplier')::numeric, 1), coalesce(c.currency_digits, 2)),
        v.price,
        l.price
    ) as price,
    case
        when l.status = 'hidden' and l.hidden_as = 'out_of_stock' and coalesce(i.quantity, v.quantity) is not null then 0
        when i.quantity is null then v.quantity
        else least(
            greatest(i.quantity - coalesce((c.rules ->> 'safety_stock')::bigint, 0), 0),
            (c.rules ->> 'max_quantity')::bigint
        )
    end as quantity
from core.listing_variant as v
inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
left join ops.channel as c on v.channel = c.channel
left join core.inventory_item as i on lower(coalesce(nullif(v.inventory_sku, ''), v.master_sku)) = lower(i.master_sku);

comment on view core.wanted is 'What the warehouse wants of each variant: the linked inventory item''s values through the channel''s rules, else the listing''s own.';
comment on column core.wanted.channel is 'The store, by its channel''s name.';
comment on column core.wanted.master_sku is 'The variant.';
comment on column core.wanted.linked is 'Whether an inventory item exists for it.';
comment on column core.wanted.price_from_item is 'Whether the item decides the price.';
comment on column core.wanted.quantity_from_item is 'Whether the item decides the quantity.';
comment on column core.wanted.price is 'In the store''s default currency; null: nobody says.';
comment on column core.wanted.quantity is 'Null: not managed, never sent.';
