-- publish_listings/load: products that may have been created, by calls whose answer nobody has recorded.   Reads  ops.push.

select
    p.push_no,
    p.entity_key as listing_key,
    p.detail -> 'to' as product,
    p.detail -> 'variants' as variants,
    p.detail ->> 'version' as version,
    (p.detail ->> 'product_id')::bigint as product_id,
    coalesce((p.detail ->> 'found')::boolean, false) as found
from ops.push as p
where
    p.channel = :channel
    and p.operation = 'publish_listings'
    and p.action = 'create'
    and p.state in ('pending', 'sending', 'unknown')
order by p.push_no;
