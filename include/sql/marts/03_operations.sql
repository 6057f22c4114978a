-- mart.runs, mart.problems: what ran, and what could not be handled.

create or replace view mart.runs as
select
    channel,
    operation,
    run_id,
    state,
    started_at,
    finished_at,
    read,
    created,
    updated + linked as updated,
    unchanged,
    skipped,
    failed,
    requests,
    work_seconds,
    linked,
    overwritten,
    dry_run,
    message
from ops.run;

comment on view mart.runs is 'One row a run of an operation; counted in variants, listings (publish, change of status), orders, shipments or inventory items. read = created + updated + unchanged + skipped + failed.';
comment on column mart.runs.channel is 'The store, by its channel''s name; * for what serves all of them.';
comment on column mart.runs.operation is 'Such as import_listings.';
comment on column mart.runs.run_id is 'Airflow''s run id.';
comment on column mart.runs.state is 'running, success or failed.';
comment on column mart.runs.started_at is 'When its first task began.';
comment on column mart.runs.finished_at is 'When its last task ended; null while it runs.';
comment on column mart.runs.read is 'Records looked at.';
comment on column mart.runs.created is 'Records new in the warehouse.';
comment on column mart.runs.updated is 'Records that changed in the warehouse, newly linked ones included.';
comment on column mart.runs.unchanged is 'Records that were as they should be.';
comment on column mart.runs.skipped is 'Records left out, each with a problem; orders, each in orders_not_imported; listings whose status could not be changed, each in the run''s log; inventory items that have a newer updated_at than the file.';
comment on column mart.runs.failed is 'Records that could not be read, or that the store refused, each with a problem.';
comment on column mart.runs.requests is 'HTTP requests sent to the store, repeats included.';
comment on column mart.runs.work_seconds is 'The tasks'' own work added up; imports and Airflow''s time between tasks left out.';
comment on column mart.runs.linked is 'Of updated: rows of the warehouse that found their variant in the store.';
comment on column mart.runs.overwritten is 'Of updated: rows whose own data followed the store.';
comment on column mart.runs.dry_run is 'Nothing but this row was written.';
comment on column mart.runs.message is 'Why it failed, or what it would have done.';

create or replace view mart.problems as
select
    p.channel,
    p.operation,
    r.run_id,
    p.entity,
    p.entity_key,
    p.reason,
    p.message,
    p.first_seen,
    p.last_seen,
    p.open,
    p.source
from ops.problem as p
inner join ops.run as r on p.run_no = r.run_no;

comment on view mart.problems is 'Records that could not be handled, and why.';
comment on column mart.problems.channel is 'The store, by its channel''s name; * for what serves all of them.';
comment on column mart.problems.operation is 'The operation that met it.';
comment on column mart.problems.run_id is 'The run that saw it last.';
comment on column mart.problems.entity is 'variant, listing, product, brand, category, order, refund, shipment or inventory_item.';
comment on column mart.problems.entity_key is 'The master SKU where there is one, else the store''s id, the listing''s or shipment''s key, or line {n} of a file.';
comment on column mart.problems.reason is 'A reason code; each is explained in the documentation.';
comment on column mart.problems.message is 'What is wrong, with the offending value, and what mends it.';
comment on column mart.problems.first_seen is 'When a run met it first.';
comment on column mart.problems.last_seen is 'When a run met it last.';
comment on column mart.problems.open is 'False once a run has handled the record without it.';
comment on column mart.problems.source is 'The store''s record it came from, product/{id}[/variant/{id}], brand/{id}, category/{id}, order/{id} or refund/{id}, the warehouse''s shipment/{key}, or the feed, feed/{name} or feed/listing/{key}: handled without it, the problem closes.';
