-- import_listings/load: living variants that keep the row they have, whoever else claims its SKU: those without a valid
-- claim of their own, and those of products whose listing cannot be told.
-- Reads    staging.variant, staging.match, staging.unmatchable, core.   Writes  staging.pinned.   Repeat  safe.

insert into staging.pinned (variant_id)
select s.variant_id
from staging.variant as s
inner join core.listing_variant as v on v.channel = :channel and s.variant_id = v.variant_id
where
    s.product_id in (select u.product_id from staging.unmatchable as u)
    or not exists (
        select 1
        from staging.match as m
        where m.variant_id = s.variant_id and lower(m.master_sku) = lower(s.master_sku)
    )
on conflict do nothing;
