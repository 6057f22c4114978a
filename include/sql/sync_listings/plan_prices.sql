-- sync_listings/plan: what is sent of prices and other fields: the product's price where all variants that inherit it in
-- the store want the same and may have it, those outside this run too, else each variant's own.
-- Grain    a variant.
-- Reads    staging.differing, core.wanted, core.listing_variant, raw.product.   Writes  staging.plan.

with moving as materialized ( -- products whose inheriting variants want another price
    select distinct
        d.product_id,
        d.listing_key
    from staging.differing as d
    where d.sends_price and d.inherits
),

agreeing as materialized ( -- ... and of these, all of them the same
    select
        m.product_id,
        min(w.price) as price
    from moving as m
    inner join core.listing_variant as v on v.channel = :channel and m.listing_key = v.listing_key
    inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
    left join staging.differing as d on v.master_sku = d.master_sku
    cross join
        lateral (
            select
                case
                    when coalesce(f.price, 0) = 0 or w.price = f.price then 1
                    when w.price <= 0 or w.price >= 'Infinity' then 1e6
                    else greatest(w.price / f.price, f.price / w.price)
                end as change_factor
            from (select coalesce(v.synced_price, v.channel_price) as price) as f
        ) as s
    where v.variant_id is not null and v.channel_price_inherited
    group by m.product_id
    having
        min(w.price) = max(w.price)
        and count(w.price) = count(*)
        and bool_and(d.held is null)
        -- whoever has confirmed a large change has confirmed it of this run's SKUs alone
        and bool_and(d.master_sku is not null or s.change_factor <= :max_price_change_factor)
        -- a variant that the warehouse does not know, for want of a master SKU, would change its price unasked
        and not exists (
            select 1
            from raw.product as r
            cross join
                lateral json_array_elements(
                    case json_typeof(r.payload -> 'variants') when 'array' then r.payload -> 'variants' end
                ) as e (variant)
            where
                r.channel = :channel
                and r.product_id = m.product_id
                and e.variant ->> 'price' is null
                and not exists (
                    select 1 from core.listing_variant as k
                    where k.channel = :channel and k.variant_id = (e.variant ->> 'id')::bigint
                )
        )
)

insert into staging.plan (call, item, entity, entity_key, action, listing_key, product_id, variant_id, sent, former)
select
    'products',
    d.product_id::text,
    'variant',
    d.master_sku,
    'set_fields',
    d.listing_key,
    d.product_id,
    d.variant_id,
    jsonb_build_object('price', d.wanted_price),
    jsonb_build_object('price', d.former_price)
from staging.differing as d
inner join agreeing as a on d.product_id = a.product_id and d.wanted_price = a.price
where d.sends_price and d.inherits
union all
select
    'variants',
    d.variant_id::text,
    'variant',
    d.master_sku,
    'set_fields',
    d.listing_key,
    d.product_id,
    d.variant_id,
    d.fields || case when o.own_price then jsonb_build_object('price', d.wanted_price) else '{}' end,
    (
        select jsonb_object_agg(f.key, f.value)
        from jsonb_each(d.former || jsonb_build_object('price', d.former_price)) as f
        where d.fields ? f.key or (o.own_price and f.key = 'price')
    )
from staging.differing as d
left join agreeing as a on d.product_id = a.product_id and d.inherits
cross join lateral (select d.sends_price and a.product_id is null as own_price) as o
where d.fields <> '{}' or o.own_price;
