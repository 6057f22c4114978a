-- load_shipments/load: what was read is not needed any more.   Repeat  safe.

drop table if exists
staging.shipment_column,
staging.shipment_row,
staging.shipment_dated_row,
staging.shipment_line,
staging.shipment;
