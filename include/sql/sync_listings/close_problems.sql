-- sync_listings/load: close the problems that a run which got through did not meet again.
-- Reads    staging.problem, core.listing_variant, core.listing.   Writes  ops.problem.
-- A narrowed run closes problems of its own SKUs alone.

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'sync_listings'
    and p.open
    -- what a newer run has seen is not for one that wakes late to close; what this one saw before it was let through is
    and (
        p.run_no < :run_no
        or (
            p.run_no = :run_no
            and p.reason not in ('refused_by_store', 'gone_from_store')
            and not exists (
                select 1 from staging.problem as s
                where
                    s.entity = p.entity and s.entity_key = p.entity_key and s.reason = p.reason and s.source = p.source
            )
        )
    )
    and (:everything or lower(p.entity_key) = any(cast(:skus as text[])))
    and case
        when p.reason = 'gone_from_store'
            then not exists (
                select 1 from core.listing_variant as v
                where v.channel = :channel and v.master_sku = p.entity_key and v.variant_id is null
            )
        when p.reason = 'stock_not_confirmed'
            then exists (
                select 1 from core.listing_variant as v
                where
                    v.channel = :channel
                    and v.master_sku = p.entity_key
                    and (v.synced_at > p.last_seen or (v.observed_at > p.last_seen and v.channel_quantity = v.synced_quantity))
            )
        when p.reason in ('missing_price', 'invalid_price', 'price_held', 'price_below_minimum')
            then case split_part(p.source, '/', 3) -- variant/{id} of the price, variant/{id}/{field} of the others
                when 'sale_price' then :sale_price
                when 'cost_price' then :cost_price
                when 'retail_price' then :retail_price
                when 'weight' then :weight
                else :price
            end
        when p.reason in ('negative_quantity', 'quantity_too_large', 'inventory_not_tracked', 'tracked_by_product')
            then :quantity or p.entity = 'listing'
        when p.reason = 'held_by_guard' then :quantity or p.source <> 'guard/zeroed'
        when p.reason = 'refused_by_store' then case p.source when 'set_fields' then :price when 'set_stock' then :quantity else true end
        else true
    end
    -- nobody looked at what is paused
    and not exists (
        select 1
        from core.listing as l
        where
            l.channel = :channel
            and l.paused
            and l.product_id is not null
            and (
                (p.entity = 'listing' and l.listing_key = p.entity_key)
                or (
                    p.entity = 'variant'
                    and l.listing_key = (
                        select v.listing_key from core.listing_variant as v
                        where v.channel = :channel and v.master_sku = p.entity_key
                    )
                )
            )
    );
