-- sync_listings/load: fields that a call is about to change: until its outcome is recorded, nobody knows what the store has.
-- Reads    staging.plan.   Writes  core.listing_variant.   Repeat  safe.
-- Were it not for this, a value that is taken back after a lost answer would be what the store last confirmed, and the
-- store would keep the other one.

update core.listing_variant as v set
    in_doubt = array(
        select f.name from unnest(v.in_doubt || c.names) as f (name)
        group by f.name
        order by f.name
    )
from (
    select
        p.entity_key as master_sku,
        array_agg(f.name) as names
    from staging.plan as p
    cross join lateral jsonb_object_keys(p.sent) as f (name)
    where p.plan_no = any(cast(:plan_nos as bigint[])) and p.entity = 'variant' and f.name <> 'location_id'
    group by p.entity_key
) as c
where v.channel = :channel and v.master_sku = c.master_sku and not v.in_doubt @> c.names;

-- a product's price is that of each variant which inherits it, named in the plan or not
update core.listing_variant as v set in_doubt = v.in_doubt || array['price']
from staging.plan as p
where
    p.plan_no = any(cast(:plan_nos as bigint[]))
    and p.call = 'products'
    and p.sent ? 'price'
    and v.channel = :channel
    and v.listing_key = p.listing_key
    and v.variant_id is not null
    and v.channel_price_inherited
    and not 'price' = any(v.in_doubt);
