-- publish_listings/load: close problems that hold no more.
-- Reads    staging.draft, core.listing, core.listing_variant.   Writes  ops.problem.
-- Problems of a listing that the run has handled stay only where the run has seen them; those that kept a listing back
-- close too when nobody wants it published any more.

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'publish_listings'
    and p.open
    and not (:gave_up and p.reason in ('refused_by_store', 'name_taken', 'sku_taken', 'unknown_outcome'))
    and p.run_no < :run_no -- what a newer run has seen is not for one that wakes late to close
    and (case
        when p.reason = 'product_without_listing' then false
        when p.entity = 'listing'
            then not exists (
                select 1 from core.listing as l
                where l.channel = :channel and l.listing_key = p.entity_key
            )
        else not exists (
            select 1 from core.listing_variant as v
            where v.channel = :channel and v.master_sku = p.entity_key
        )
    end
    or exists (
        select 1
        from core.listing as l
        where
            l.channel = :channel
            and l.listing_key = case
                when p.entity = 'listing' then p.entity_key
                else (
                    select v.listing_key from core.listing_variant as v
                    where v.channel = :channel and v.master_sku = p.entity_key
                )
            end
            and (
                exists (
                    select 1 from staging.draft as d
                    where d.listing_key = l.listing_key
                )
                or (
                    l.queued_action is distinct from 'publish'
                    and l.queued_action is distinct from 'overwrite'
                    and p.reason not in (
                        'attribute_truncated', 'attribute_skipped', 'partly_saved', 'variant_not_in_store', 'refused_by_store'
                    )
                )
            )
    ));
