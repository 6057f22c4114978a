-- sync_listings/plan: keep what a person is asked to approve: stock going to zero by the SKU, hiding and
-- deleting by the listing, a price by the SKU and for itself.   Reads  staging.plan, staging.differing.
-- Writes   ops.approval.   Repeat  safe: asked anew each time.

delete from ops.approval
where run_no = :run_no;

insert into ops.approval (run_no, entity_key, guard, price)
select
    :run_no,
    case p.guard when 'zeroed' then p.entity_key else p.listing_key end,
    p.guard,
    null
from staging.plan as p
where p.guard is not null
union
select
    :run_no,
    d.master_sku,
    'price',
    d.wanted_price
from staging.differing as d
where d.held = 'price_held'
union
select
    :run_no,
    d.master_sku,
    'sale_price',
    d.held_sale_price
from staging.differing as d
where d.held_sale_price is not null;
