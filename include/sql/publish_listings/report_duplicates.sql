-- publish_listings/transform: SKUs that two variants of the channel would both have; the store takes each once.
-- Reads    staging.draft, core.listing_variant.   Writes  staging.draft_problem.
-- A variant that is in the store keeps its SKU; of two that are not, neither goes.

create unlogged table if not exists staging.sku (
    master_sku text not null,
    listing_key text not null,
    variant_id bigint,
    sku text not null
);

truncate staging.sku;

insert into staging.sku (master_sku, listing_key, variant_id, sku)
select
    v.master_sku,
    v.listing_key,
    v.variant_id,
    v.sku
from (
    select
        w.master_sku,
        w.listing_key,
        w.variant_id,
        lower(coalesce(nullif(trim(w.sku), ''), case when :master_sku_field = 'sku' then w.master_sku end)) as sku
    from core.listing_variant as w
    where w.channel = :channel
) as v
where v.sku is not null;

-- one pass over all finds the few SKUs that stand in several listings; only those are looked at
delete from staging.sku as s
where
    s.sku not in (
        select t.sku from staging.sku as t
        group by t.sku
        having min(t.listing_key) <> max(t.listing_key)
    );

analyze staging.sku;

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
inner join staging.sku as v on d.listing_key = v.listing_key
inner join staging.sku as o on v.sku = o.sku and v.listing_key <> o.listing_key
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
