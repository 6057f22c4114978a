-- get_orders/refresh: the next one reads its windows anew.   Repeat  safe.

delete from staging.stretch
where collection like 'orders %';
