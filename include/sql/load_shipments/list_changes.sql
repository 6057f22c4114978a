-- load_shipments/load: some of the shipments that a dry run would make or change.   Reads  staging.

select
    d.shipment_key,
    case
        when d.verdict = 'create' then 'would be created, for order ' || d.order_id || ', lines: ' || l.lines
        else 'would be changed: ' || concat_ws(
            ', ',
            (
                select string_agg(f.name, ', ' order by f.name)
                from unnest(d.differing) as f (name)
                where f.name = any(d.takes)
            ),
            case when l.change then 'lines' end
        )
    end as what
from staging.shipment as d
inner join (
    select
        c.shipment_key,
        count(c.wanted) as lines,
        bool_or(c.wanted is distinct from c.had) as change
    from staging.shipment_line as c
    group by c.shipment_key
) as l on d.shipment_key = l.shipment_key
where d.verdict in ('create', 'update')
order by d.shipment_key
limit :most;
