-- load_inventory/load: new items, and known ones whose values differ.
-- Grain    the SKU without regard to letter case.   Reads  staging.choice.   Writes  core.inventory_item.
-- Order    what somebody has written meanwhile, with a newer updated_at, stays.   Repeat  safe: keyed.

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
    updated_at = excluded.updated_at
where i.updated_at <= excluded.updated_at;
