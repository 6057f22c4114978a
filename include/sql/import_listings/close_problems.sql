-- import_listings/load: close the problems that this run has not seen again.
-- Reads    staging.problem, staging.product, staging.missing.   Writes  ops.problem.
-- A problem closes when its product was handled without it; gone_from_store when the SKU has a variant again.

update ops.problem as p set
    open = false,
    closed_at = now()
where
    p.channel = :channel
    and p.operation = 'import_listings'
    and p.open
    and p.run_no <> :run_no
    and case
        when p.reason = 'gone_from_store'
            then not exists (
                select 1
                from core.listing_variant as v
                where v.channel = :channel and v.master_sku = p.entity_key and v.variant_id is null
            )
        when p.entity in ('brand', 'category') then true -- each run reads all of them
        else
            split_part(p.source, '/', 2) in (
                select s.product_id::text
                from staging.product as s
                where s.payload is not null or s.unstorable is not null
                union all
                select m.product_id::text
                from staging.missing as m
            )
    end;
