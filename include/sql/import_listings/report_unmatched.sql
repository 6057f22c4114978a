-- import_listings/load: variants and products that could not be given a row of their own.
-- Reads    staging.variant, staging.unmatchable, core.   Writes  staging.problem.

-- A variant has not the row of its SKU: the store has the SKU twice (and this is not the first, nor the row's holder), or
-- a living variant stays on that row. The second is said only of products that are not left out for another reason.
with claims as (
    select
        s.variant_id,
        s.product_id,
        s.master_sku,
        v.variant_id as holder,
        first_value(s.variant_id) over (
            partition by lower(s.master_sku)
            order by coalesce(v.variant_id = s.variant_id, false) desc, s.variant_id asc
        ) as first_claim,
        v.variant_id is not null and o.variant_id is null as held_unchanged,
        u.product_id is not null as left_out
    from staging.variant as s
    left join core.listing_variant as v on v.channel = :channel and lower(s.master_sku) = lower(v.master_sku)
    left join staging.variant as o on v.variant_id = o.variant_id
    left join staging.unmatchable as u on s.product_id = u.product_id
    where s.master_sku is not null
)

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'variant',
    c.master_sku,
    'duplicate_master_sku',
    format(
        'Variant %s of product %s has the master SKU %s, which variant %s has already.',
        c.variant_id, c.product_id, c.master_sku, coalesce(nullif(c.holder, c.variant_id), c.first_claim)
    ),
    format('product/%s/variant/%s', c.product_id, c.variant_id)
from claims as c
where
    c.first_claim <> c.variant_id
    or (c.holder <> c.variant_id and (not c.left_out or c.held_unchanged));

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'product',
    u.product_id::text,
    'ambiguous_listing',
    format('The variants of product %s belong to other listings of the warehouse: %s.', u.product_id, u.keys),
    format('product/%s', u.product_id)
from staging.unmatchable as u;
