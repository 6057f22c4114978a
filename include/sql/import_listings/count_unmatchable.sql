-- import_listings/load: products whose listing cannot be told.   Reads  staging.unmatchable.

select count(*) as products from staging.unmatchable;
