-- load_shipments/load: the lines of a shipment that was made or changed become those of the file, where they differ.
-- Grain    the shipment and line_key.   Reads  staging, core.shipment.   Writes  core.shipment_item.
-- Repeat   safe: the lines that go are named by their numbers. A shipment that somebody has written meanwhile, with a newer
-- updated_at, keeps its lines.

delete from core.shipment_item as i
where
    i.item_no in (
        select unnest(l.item_nos)
        from staging.shipment as d
        inner join staging.shipment_line as l on d.shipment_key = l.shipment_key
        inner join core.shipment as s on s.channel = :channel and d.shipment_key = s.shipment_key and d.as_of = s.updated_at
        where d.verdict = 'update' and l.wanted is distinct from l.had
    );

insert into core.shipment_item (channel, shipment_key, order_product_id, master_sku, quantity)
select
    :channel,
    l.shipment_key,
    l.order_product_id,
    l.master_sku,
    l.wanted
from staging.shipment as d
inner join staging.shipment_line as l on d.shipment_key = l.shipment_key
inner join core.shipment as s on s.channel = :channel and d.shipment_key = s.shipment_key and d.as_of = s.updated_at
where
    d.verdict in ('create', 'update')
    and l.wanted is distinct from l.had
    and l.wanted is not null
order by l.shipment_key, l.line_key;
