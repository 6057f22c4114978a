-- import_listings/load: open this run's problems, see again those that still hold, close the others.
-- Reads    staging.problem, staging.product, staging.missing.   Writes  ops.problem.
-- A problem closes when its product was handled without it; gone_from_store when the SKU has a variant again.

insert into ops.problem as p (channel, operation, entity, entity_key, reason, source, message, run_no)
select
    :channel,
    'import_listings',
    s.entity,
    s.entity_key,
    s.reason,
    s.source,
    concat_ws(' ', min(s.message), cast(:hints as jsonb) ->> s.reason),
    :run_no
from staging.problem as s
group by s.entity, s.entity_key, s.reason, s.source
on conflict (channel, operation, entity, entity_key, reason, source) where open do update set
    message = excluded.message,
    run_no = excluded.run_no,
    last_seen = now();

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
