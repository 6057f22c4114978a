-- load_shipments/extract: the file is read from its beginning, whatever a former attempt has staged of it.
-- Writes   staging.   Repeat  safe.

truncate staging.shipment_column, staging.shipment_row, staging.shipment_dated_row, staging.shipment_line, staging.shipment;
