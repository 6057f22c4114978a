-- get_orders/refresh: known orders that are as the warehouse has them were seen so.   Writes  core.sales_order.
-- Reads    staging.   Only where somebody asks what the store shows at this moment, not in a pull.

update core.sales_order as o set fetched_at = p.fetched_at
from staging.pulled_order as p
where
    o.channel = :channel
    and o.order_id = p.order_id
    and o.fetched_at < p.fetched_at
    and not exists (
        select 1 from staging.verdict as v
        where v.order_id = p.order_id and v.verdict = 'outdated'
    );
