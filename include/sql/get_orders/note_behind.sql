-- get_orders/load: orders that this run imports may have changed before the watermark, when no run knew them yet.
-- Reads    staging.verdict.   Writes  ops.watermark.   The next run that moves the watermark asks from there on.

update ops.watermark as w set behind = least(w.behind, :as_of)
where
    w.channel = :channel
    and w.operation = 'get_orders'
    and w.store_time > :as_of
    and exists (
        select 1 from staging.verdict as v
        where v.verdict = 'create'
    );
