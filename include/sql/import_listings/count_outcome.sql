-- import_listings/load: what the run did, counted in variants; read = created + linked + updated + unchanged + skipped + failed.
-- Reads    staging, core.

with handled as ( -- a variant counts as changed with its own row, or with its listing's
    select
        m.action,
        l.listing_key is not null or v.master_sku is not null as changed,
        coalesce(l.overwritten, false) or coalesce(v.overwritten, false) as overwritten
    from staging.match as m
    left join staging.change as l on m.listing_key = l.listing_key and l.master_sku is null
    left join staging.change as v on m.row_sku = v.master_sku
    where m.product_id not in (select u.product_id from staging.unmatchable as u)
),

totals as (
    select
        (select count(*) from staging.variant) as staged,
        (
            select count(*)
            from core.listing_variant as v
            inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
            inner join staging.product as p on l.product_id = p.product_id
            where v.channel = :channel and v.variant_id is not null and p.payload is null and p.unstorable is null
        ) as untouched,
        (
            select count(distinct p.source)
            from staging.problem as p
            where p.reason in ('invalid_record', 'unstorable_text') and p.entity = 'product'
        ) as failed,
        (select count(*) from handled) as handled,
        (
            select count(*) from handled as h
            where h.action = 'new'
        ) as created,
        (
            select count(*) from handled as h
            where h.action = 'take'
        ) as linked,
        (
            select count(*) from handled as h
            where h.action in ('same', 'rename') and h.changed
        ) as updated,
        (
            select count(*) from handled as h
            where h.action <> 'new' and h.overwritten
        ) as overwritten
)

select
    t.staged + t.untouched + t.failed as read,
    t.created,
    t.linked,
    t.updated,
    t.overwritten,
    t.handled - t.created - t.linked - t.updated + t.untouched as unchanged,
    t.staged - t.handled as skipped,
    t.failed
from totals as t;
