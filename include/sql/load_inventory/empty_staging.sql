-- load_inventory/extract: the file is read from its beginning, whatever a former attempt has staged of it.
-- Writes   staging.   Repeat  safe.

truncate staging.item, staging.choice;
