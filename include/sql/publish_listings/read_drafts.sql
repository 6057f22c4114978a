-- publish_listings/transform: some of the pinned drafts, in order of their key.   Reads  staging.draft.

select
    d.listing_key,
    d.action,
    d.version,
    d.product_id,
    d.content
from staging.draft as d
where d.listing_key > :after
order by d.listing_key
limit :most;
