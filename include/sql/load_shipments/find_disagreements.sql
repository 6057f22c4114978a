-- load_shipments/load: what the lines of a shipment say of it, where they do not say the same; feed/report_disagreements
-- makes problems of that.   Reads  staging.shipment_row.   Writes  staging.feed_value.

insert into staging.feed_value (line, group_key, name, value)
with disagreeing as materialized (
    select r.shipment_key
    from staging.shipment_row as r
    group by r.shipment_key
    having
        min(r.order_id) <> max(r.order_id)
        or min(r.tracking_number) <> max(r.tracking_number)
        or min(r.carrier) <> max(r.carrier)
        or min(r.shipping_method) <> max(r.shipping_method)
        or min(r.tracking_link) <> max(r.tracking_link)
        or min(r.shipped_at) <> max(r.shipped_at)
        or min(r.cancelled_at) <> max(r.cancelled_at)
)

select
    r.line,
    r.shipment_key,
    c.name,
    c.value
from disagreeing as d
inner join staging.shipment_row as r on d.shipment_key = r.shipment_key
cross join
    lateral (
        values
        ('order_id', r.order_id::text),
        ('tracking_number', r.tracking_number),
        ('carrier', r.carrier),
        ('shipping_method', r.shipping_method),
        ('tracking_link', r.tracking_link),
        ('shipped_at', r.shipped_at::text),
        ('cancelled_at', r.cancelled_at::text)
    ) as c (name, value)
where c.value is not null;
