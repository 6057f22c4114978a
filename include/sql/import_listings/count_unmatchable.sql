-- import_listings/load: products whose listing cannot be told, and variants pinned to their rows.   Reads  staging.

select (
    select count(*) from staging.unmatchable
) + (
    select count(*) from staging.pinned
) as settled;
