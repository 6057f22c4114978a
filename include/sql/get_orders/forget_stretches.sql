-- get_orders, a refresh of known orders: the next one reads its windows anew.   Repeat  safe.

delete from staging.stretch
where collection like 'orders %';
