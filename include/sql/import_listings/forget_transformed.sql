-- import_listings/transform: begin again. The problems of brands and categories are the extraction's.   Repeat  safe.

truncate staging.listing, staging.variant;

delete from staging.problem
where source like 'product/%';
