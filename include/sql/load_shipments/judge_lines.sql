-- load_shipments/load: each line that a shipment has in the file, or in the warehouse, with its units in both.
-- Grain    the shipment and line_key: order_product_id and master SKU, in any letter case, as far as the file has the column.
-- Reads    staging, core.shipment_item.   Writes  staging.shipment_line.
-- Rows of one line are added up. Units that only older rows say leave the warehouse's line as it is; "wanted" is null where
-- the file does not have the line. What a column that is not there would say is kept where the warehouse knows it.

insert into staging.shipment_line (shipment_key, line_key, order_product_id, master_sku, item_nos, filed, had, wanted)
with filed as (
    select
        k.shipment_key,
        k.line_key,
        max(k.order_product_id) as order_product_id,
        (array_agg(k.master_sku order by k.line))[1] as master_sku,
        sum(k.quantity) as quantity,
        bool_or(k.wins) as wins
    from (
        select
            r.line,
            r.shipment_key,
            r.order_product_id,
            r.master_sku,
            r.quantity,
            d.wins,
            coalesce(r.order_product_id::text, '') || '/' || coalesce(lower(r.master_sku), '') as line_key
        from staging.shipment_dated_row as d
        inner join staging.shipment_row as r on d.line = r.line
    ) as k
    group by k.shipment_key, k.line_key
),

had as (
    select
        k.shipment_key,
        k.line_key,
        case when min(k.order_product_id) = max(k.order_product_id) then max(k.order_product_id) end as order_product_id,
        case when min(k.master_sku) = max(k.master_sku) then max(k.master_sku) end as master_sku,
        sum(k.quantity) as quantity,
        array_agg(k.item_no) as item_nos
    from (
        select
            i.item_no,
            i.shipment_key,
            i.order_product_id,
            i.master_sku,
            i.quantity,
            coalesce(case when 'order_product_id' = any(cast(:columns as text[])) then i.order_product_id::text end, '')
            || '/'
            || coalesce(case when 'master_sku' = any(cast(:columns as text[])) then lower(i.master_sku) end, '') as line_key
        from core.shipment_item as i
        where
            i.channel = :channel
            and i.shipment_key in (select d.shipment_key from staging.shipment_dated_row as d)
    ) as k
    group by k.shipment_key, k.line_key
)

select
    coalesce(f.shipment_key, h.shipment_key),
    coalesce(f.line_key, h.line_key),
    coalesce(f.order_product_id, h.order_product_id),
    coalesce(f.master_sku, h.master_sku),
    h.item_nos,
    f.quantity,
    h.quantity,
    case when f.wins or h.quantity is null then f.quantity when f.quantity is not null then h.quantity end
from filed as f
full outer join had as h on f.shipment_key = h.shipment_key and f.line_key = h.line_key;

analyze staging.shipment_line;
