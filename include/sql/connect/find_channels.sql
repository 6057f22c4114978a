-- connect/show: which channel reads which store.   Reads  ops.channel.

select
    c.channel,
    c.connection_id,
    c.store_hash,
    c.store_name
from ops.channel as c
order by c.channel;
