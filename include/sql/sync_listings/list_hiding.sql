-- sync_listings/load: products that are about to be hidden by their stock: what the store has of them is read first.
-- Reads    staging.plan, core.listing_variant.

select
    p.product_id,
    v.variant_id,
    p.entity_key as master_sku
from staging.plan as p
inner join core.listing_variant as v on v.channel = :channel and p.entity_key = v.master_sku
where p.call = 'stock' and p.guard = 'hidden' and v.held_quantity is null
order by p.plan_no;
