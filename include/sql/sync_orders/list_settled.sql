-- sync_orders/load: shipments that need nothing in the store.   Reads  staging.planned.

select p.planned_no
from staging.planned as p
where p.action = 'settle' and not p.done;
