-- publish_listings/load: how much a run would do, for its guards.   Reads  staging.payload, core.listing.

select
    (
        select count(*) from staging.payload as p
        where p.action = 'publish'
    ) as creates,
    (
        select count(*) from staging.payload as p
        where p.action = 'overwrite'
    ) as overwrites,
    (
        select count(*) from core.listing as l
        where l.channel = :channel and l.product_id is not null
    ) as listings,
    (
        select min(p.listing_key) from staging.payload as p
        where p.action = 'overwrite'
    ) as example;
