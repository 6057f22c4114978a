-- import_listings/load: variants and products that could not be given a row of their own.
-- Reads    staging.variant, staging.match, staging.unmatchable, core.   Writes  staging.problem.

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'variant',
    s.master_sku,
    'duplicate_master_sku',
    format(
        'Variant %s of product %s has the master SKU %s, which variant %s has already.',
        s.variant_id, s.product_id, s.master_sku, coalesce(w.variant_id, v.variant_id)
    ),
    format('product/%s/variant/%s', s.product_id, s.variant_id)
from staging.variant as s
left join staging.match as w on lower(s.master_sku) = lower(w.master_sku)
left join core.listing_variant as v on v.channel = :channel and lower(s.master_sku) = lower(v.master_sku)
where
    s.master_sku is not null
    and s.product_id not in (select u.product_id from staging.unmatchable as u)
    and coalesce(w.variant_id, v.variant_id) is distinct from s.variant_id;

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'product',
    u.product_id::text,
    'ambiguous_listing',
    format('The variants of product %s belong to other listings of the warehouse: %s.', u.product_id, u.keys),
    format('product/%s', u.product_id)
from staging.unmatchable as u;
