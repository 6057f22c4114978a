-- sync_listings/plan: what a guard holds back, as problems: hiding and deleting by the listing, the rest by the SKU.
-- Reads    staging.plan.   Writes  staging.problem.

insert into staging.problem (entity, entity_key, reason, message, source)
select distinct
    case p.guard when 'zeroed' then 'variant' else 'listing' end,
    case p.guard when 'zeroed' then p.entity_key else p.listing_key end,
    'held_by_guard',
    case p.guard
        when 'zeroed' then format('The stock of %s would go from %s to 0.', p.entity_key, coalesce(p.former ->> 'quantity', 'unknown'))
        when 'hidden' then format('Listing %s would be hidden.', p.listing_key)
        else format('Listing %s would be deleted from the store.', p.listing_key)
    end,
    'guard/' || p.guard
from staging.plan as p
where p.guard = any(cast(:guards as text[]));
