-- load_shipments/load: what the file says of each shipment, and whether that differs from what the warehouse has.
-- Grain    the shipment, of those without any problem.   Reads  staging, core.shipment.   Writes  staging.shipment.
-- A column counts ("takes") where a newer row gives a value, or no row gives one; what only older rows say leaves the
-- shipment as it is. Of a shipment without a newer row nothing counts: it is older where it says something else.

insert into staging.shipment (
    shipment_key, as_of, dated, takes, differing, order_id, tracking_number, carrier, shipping_method, tracking_link,
    shipped_at, cancelled_at, verdict
)
with said as (
    select
        d.shipment_key,
        max(d.as_of) as as_of,
        bool_or(d.dated) as dated,
        bool_or(d.wins) as wins,
        max(r.order_id) as order_id,
        max(r.tracking_number) as tracking_number,
        max(r.carrier) as carrier,
        max(r.shipping_method) as shipping_method,
        max(r.tracking_link) as tracking_link,
        max(r.shipped_at) as shipped_at,
        max(r.cancelled_at) as cancelled_at,
        array[
            case when count(r.order_id) filter (where d.wins) > 0 then 'order_id' end,
            case
                when count(r.tracking_number) = 0 or count(r.tracking_number) filter (where d.wins) > 0
                    then 'tracking_number'
            end,
            case when count(r.carrier) = 0 or count(r.carrier) filter (where d.wins) > 0 then 'carrier' end,
            case
                when count(r.shipping_method) = 0 or count(r.shipping_method) filter (where d.wins) > 0
                    then 'shipping_method'
            end,
            case
                when count(r.tracking_link) = 0 or count(r.tracking_link) filter (where d.wins) > 0 then 'tracking_link'
            end,
            case when count(r.shipped_at) = 0 or count(r.shipped_at) filter (where d.wins) > 0 then 'shipped_at' end,
            case
                when count(r.cancelled_at) = 0 or count(r.cancelled_at) filter (where d.wins) > 0 then 'cancelled_at'
            end
        ] as current
    from staging.shipment_dated_row as d
    inner join staging.shipment_row as r on d.line = r.line
    group by d.shipment_key
),

of_lines as (
    select
        l.shipment_key,
        bool_or(l.wanted is distinct from l.had) as change,
        bool_or(l.filed is distinct from l.had) as differ
    from staging.shipment_line as l
    group by l.shipment_key
),

compared as (
    select
        d.*,
        l.change,
        l.differ,
        s.shipment_key is null as fresh,
        array(
            select unnest(d.current)
            intersect
            select unnest(cast(:columns as text[]))
        ) as takes,
        array(
            select c.name
            from (
                values
                ('order_id', s.order_id is distinct from d.order_id),
                ('tracking_number', s.tracking_number is distinct from d.tracking_number),
                ('carrier', s.carrier is distinct from d.carrier),
                ('shipping_method', s.shipping_method is distinct from d.shipping_method),
                ('tracking_link', s.tracking_link is distinct from d.tracking_link),
                ('shipped_at', s.shipped_at is distinct from d.shipped_at),
                ('cancelled_at', s.cancelled_at is distinct from d.cancelled_at)
            ) as c (name, differs)
            where c.differs and c.name = any(cast(:columns as text[]))
        ) as differing
    from said as d
    inner join of_lines as l on d.shipment_key = l.shipment_key
    left join core.shipment as s on s.channel = :channel and d.shipment_key = s.shipment_key
)

select
    c.shipment_key,
    c.as_of,
    c.dated,
    c.takes,
    c.differing,
    c.order_id,
    c.tracking_number,
    c.carrier,
    c.shipping_method,
    c.tracking_link,
    c.shipped_at,
    c.cancelled_at,
    case
        when c.fresh then 'create'
        when c.wins and (c.change or c.differing && c.takes) then 'update'
        when not c.wins and (c.differ or c.differing <> '{}') then 'older'
        else 'same'
    end
from compared as c;

analyze staging.shipment (shipment_key, verdict);
