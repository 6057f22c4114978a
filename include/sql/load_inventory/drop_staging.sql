-- load_inventory/load: what was read is not needed any more.   Repeat  safe.

drop table if exists staging.item, staging.choice;
