-- change_listing_status/change: nobody else changes these listings before this is committed.
-- Reads    core.listing, core.listing_variant.
-- Order    an import's load is waited for: it holds rows in an order of its own. Among themselves, runs lock by key.

select pg_advisory_xact_lock(hashtextextended('import_listings/' || :channel, 0));

select l.listing_key
from core.listing as l
where
    l.channel = :channel
    and exists (
        select 1
        from core.listing_variant as v
        inner join unnest(cast(:skus as text[])) as g (sku) on lower(v.master_sku) = lower(g.sku)
        where v.channel = :channel and v.listing_key = l.listing_key
    )
order by l.listing_key
for no key update;
