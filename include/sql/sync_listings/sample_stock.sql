-- sync_listings/load: some of the quantities that this run has sent, to be read back.   Reads  ops.push, core.

select
    v.master_sku,
    l.product_id,
    v.variant_id,
    v.synced_quantity as quantity
from ops.push as p
inner join core.listing_variant as v on p.channel = v.channel and p.entity_key = v.master_sku
inner join core.listing as l on v.channel = l.channel and v.listing_key = l.listing_key
where p.run_no = :run_no and p.action = 'set_stock' and p.state = 'done' and v.variant_id is not null
order by md5(p.entity_key || :run_no)
limit :most;
