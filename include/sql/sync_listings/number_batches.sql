-- sync_listings/plan: put the plan into batches as full as a call may carry; what the store refused before goes apart,
-- after the others; the stock of a SKU whose price was refused does not. What somebody has queued comes first: no refused
-- price holds up a hiding.
-- Reads    ops.problem.   Writes  staging.plan.

update staging.plan as p set retried = true
from ops.problem as o
where
    o.channel = :channel
    and o.operation = 'sync_listings'
    and o.open
    and o.reason = 'refused_by_store'
    and o.source = p.action
    and o.entity = p.entity
    and o.entity_key = p.entity_key;

-- an item (a product, for products) goes as a whole
update staging.plan as p set batch = n.batch
from (
    select
        i.call,
        i.item,
        case when i.retried then 1000000 else 0 end
        + (row_number() over (partition by i.call, i.retried order by i.acts desc, i.first asc) - 1)
        / (cast(:most_per_call as jsonb) ->> i.call)::integer as batch
    from (
        select
            q.call,
            q.item,
            bool_or(q.retried) as retried,
            bool_or(q.entity = 'listing') as acts,
            min(q.plan_no) as first
        from staging.plan as q
        group by q.call, q.item
    ) as i
) as n
where p.call = n.call and p.item = n.item;

-- without a name, which would be every run's: a repeat makes another one, and both go with the table
create index on staging.plan (call, batch);

analyze staging.plan;
