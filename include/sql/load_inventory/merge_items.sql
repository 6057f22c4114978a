-- load_inventory/load: new items, and known ones whose values differ.
-- Grain    the SKU without regard to letter case.   Reads  staging.choice.   Writes  core.inventory_item.
-- Order    what somebody has written meanwhile, with a newer updated_at, stays; a 0 that a feed made for want of a row
-- does not. The item's updated_at is the row's own, even where that is older: a still older file must not win.
-- Repeat   safe: keyed.

insert into core.inventory_item as i (master_sku, quantity, price, updated_at)
select
    c.master_sku,
    c.quantity,
    c.price,
    c.as_of
from staging.choice as c
where c.verdict in ('create', 'update')
order by c.sku_key
on conflict (lower(master_sku)) do update set
    quantity = coalesce(excluded.quantity, i.quantity),
    price = coalesce(excluded.price, i.price),
    updated_at = excluded.updated_at,
    zeroed_by_feed = i.zeroed_by_feed and excluded.quantity is null
where i.updated_at <= excluded.updated_at or (i.zeroed_by_feed and i.quantity = 0 and excluded.quantity is not null);
