-- load_inventory/load: items that the file does not have are out of stock.
-- Reads    staging, ops.run.   Writes  core.inventory_item.   Repeat  safe.
-- An item whose line could not be taken is in the file all the same; one without a quantity stays so.
-- updated_at stays: no row says since when it is 0, and the row that comes back may well bear its old date.

update core.inventory_item as i set
    quantity = 0,
    zeroed_by_feed = true
from ops.run as r
where
    r.run_no = :run_no
    and i.quantity <> 0
    and i.updated_at <= r.pulled_from
    and not exists (
        select 1 from staging.choice as c
        where c.sku_key = lower(i.master_sku)
    )
    and not exists (
        select 1 from staging.feed_problem as p
        where lower(p.master_sku) = lower(i.master_sku)
    );
