-- forget_shopper/forget: no load of orders is under way, and none begins before this is committed: it would bring them back.

select pg_advisory_xact_lock(hashtextextended('get_orders/' || c.channel, 0))
from (
    select o.channel
    from ops.channel as o
    where :channel in ('*', o.channel)
    order by o.channel
) as c;
