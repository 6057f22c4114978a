-- load_listings/extract: the file is read from its beginning, whatever a former attempt has staged of it.
-- Writes   staging.   Repeat  safe.

truncate staging.draft_column, staging.draft_row, staging.draft_listing, staging.draft_variant;
