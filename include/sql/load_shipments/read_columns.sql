-- load_shipments/load: which of the known columns the file has.   Reads  staging.shipment_column.

select c.name
from staging.shipment_column as c
order by c.name;
