-- sync_listings/load: this transaction writes what the store has confirmed: no import has to handle it again.

select set_config('storekeeper.own_write', 'on', true);
