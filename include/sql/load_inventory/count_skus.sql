-- load_inventory/extract: how many items the file speaks of, in whatever letter case and however often.
-- Reads    staging.   A line that could not be taken counts by its SKU; one whose SKU is no usable one does not.

select count(*) as skus
from (
    select lower(s.master_sku) as sku_key
    from staging.item as s
    union
    select lower(p.master_sku) as sku_key
    from staging.feed_problem as p
    where p.master_sku = p.entity_key
) as k;
