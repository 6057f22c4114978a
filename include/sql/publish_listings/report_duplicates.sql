-- publish_listings/transform: SKUs that two variants of the channel would both have; the store takes each once.
-- Reads    staging.draft, core.listing_variant.   Writes  staging.draft_problem.
-- A variant that is in the store keeps its SKU; of two that are not, neither goes.

with variant as materialized (
    select
        v.master_sku,
        v.listing_key,
        v.variant_id,
        lower(coalesce(nullif(trim(v.sku), ''), case when :master_sku_field = 'sku' then v.master_sku end)) as sku
    from core.listing_variant as v
    where v.channel = :channel
)

insert into staging.draft_problem (entity, entity_key, reason, message, source, listing_key)
select
    'variant',
    v.master_sku,
    'duplicate_sku',
    format(
        'Variant %s of listing %s has the SKU of variant %s of listing %s.',
        v.master_sku, v.listing_key, min(o.master_sku), min(o.listing_key)
    ),
    'listing/' || v.listing_key || '/' || v.master_sku,
    v.listing_key
from staging.draft as d
inner join variant as v on d.listing_key = v.listing_key
inner join variant as o on v.sku = o.sku and v.listing_key <> o.listing_key
where
    v.variant_id is null
    and (o.variant_id is not null or exists (
        select 1 from staging.draft as e
        where e.listing_key = o.listing_key
    ))
group by v.master_sku, v.listing_key;

delete from staging.payload as p
using staging.draft_problem as q
where q.listing_key = p.listing_key and q.reason = 'duplicate_sku';
