-- publish_listings/extract: the listings that somebody has queued, as they are now.
-- Grain    listing_key.
-- Reads    core.draft, core.listing_variant, ops.push.   Writes  staging.draft.   Repeat  safe: it begins anew.
-- A listing is meant as a whole, also where a run names one of its SKUs.

truncate staging.draft, staging.payload, staging.draft_problem;

insert into staging.draft (listing_key, action, version, product_id, content)
select
    d.listing_key,
    d.queued_action,
    d.version,
    d.product_id,
    d.content::text
from core.draft as d
where
    d.channel = :channel
    and not d.paused
    and (d.queued_action = 'overwrite' or (d.queued_action = 'publish' and d.product_id is null))
    and (
        :everything
        or exists (
            select 1 from core.listing_variant as v
            where v.channel = :channel and v.listing_key = d.listing_key and lower(v.master_sku) = any(cast(:skus as text[]))
        )
    );

analyze staging.draft;
