-- load_inventory/load: SKUs with several lines that differ and are equally new: nobody knows which is right.
-- Reads    staging.   Writes  staging.feed_problem.

insert into staging.feed_problem (entity, entity_key, reason, source, message, master_sku)
select
    'inventory_item',
    c.master_sku,
    'duplicate_in_feed',
    'feed/inventory',
    count(*) || ' lines, the first ' || min(s.line) || ' and the last ' || max(s.line)
    || ', give it different values; none of them was loaded.',
    c.master_sku
from staging.choice as c
inner join staging.item as s on c.sku_key = lower(s.master_sku)
where c.verdict = 'conflict'
group by c.sku_key;
