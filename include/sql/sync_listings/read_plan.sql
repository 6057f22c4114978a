-- sync_listings/plan: the plan as it stands, for a dry run to keep when it takes everything else back.
-- Reads    staging.plan.

select
    p.call,
    p.batch,
    p.item,
    p.entity,
    p.entity_key,
    p.action,
    p.listing_key,
    p.product_id,
    p.variant_id,
    p.sent::text as sent,
    p.former::text as former,
    p.wanted_quantity,
    p.guard
from staging.plan as p
order by p.plan_no;
