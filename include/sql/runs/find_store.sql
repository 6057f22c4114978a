-- runs/find_store: the store that the channel's catalog was pulled from.   Reads  ops.channel.

select c.store_hash
from ops.channel as c
where c.channel = :channel;
