-- load_inventory/load: how many items are in stock.   Reads  core.inventory_item.

select count(*) as items
from core.inventory_item
where quantity > 0;
