-- import_listings/extract: the parts of the extraction that are committed.

select step from staging.step;
