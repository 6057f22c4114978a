-- import_listings/load: rows whose variant is gone, or has gone to another row, and that no variant takes.
-- Reads    staging.match, staging.listing, staging.missing.   Writes  core.listing_variant, staging.problem.
-- Repeat   safe: a released row has no variant any more.

with released as (
    update core.listing_variant as v set
        variant_id = null,
        synced_price = null,
        synced_quantity = null,
        channel_price = null,
        channel_price_inherited = null,
        channel_quantity = null
    from core.listing as l
    where
        v.channel = :channel
        and l.channel = v.channel
        and l.listing_key = v.listing_key
        and v.variant_id is not null
        and not exists (
            select 1 from staging.match as m
            where m.row_sku = v.master_sku
        )
        and (
            exists (
                select 1 from staging.match as m
                where m.variant_id = v.variant_id
            )
            or (
                not exists (
                    select 1 from staging.variant as s
                    where s.variant_id = v.variant_id
                )
                and (
                    exists (
                        select 1 from staging.listing as p
                        where p.product_id = l.product_id
                    )
                    or exists (
                        select 1 from staging.missing as g
                        where g.product_id = l.product_id
                    )
                )
            )
        )
    returning v.master_sku, v.listing_key, l.product_id, l.queued_action
)

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'variant',
    r.master_sku,
    'gone_from_store',
    'No variant of the store has the master SKU ' || r.master_sku || ' any more (listing ' || r.listing_key || ').',
    coalesce('product/' || r.product_id, 'listing/' || r.listing_key)
from released as r
where r.queued_action is distinct from 'delist';
