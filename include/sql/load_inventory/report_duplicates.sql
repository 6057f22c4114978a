-- load_inventory/load: SKUs with several lines that differ and are equally new: nobody knows which is right.
-- Reads    staging.   Writes  staging.item_problem.

insert into staging.item_problem (entity_key, reason, message, master_sku)
select
    c.master_sku,
    'duplicate_in_feed',
    count(*) || ' lines, the first ' || min(s.line) || ' and the last ' || max(s.line)
    || ', give it different values; none of them was loaded.',
    c.master_sku
from staging.choice as c
inner join staging.item as s on c.sku_key = lower(s.master_sku)
where c.verdict = 'conflict'
group by c.sku_key;
