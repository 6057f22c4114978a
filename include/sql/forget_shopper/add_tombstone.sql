-- forget_shopper/forget: every later load looks here.   Writes  core.forgotten_shopper.   Repeat  safe: keyed.

insert into core.forgotten_shopper (channel, kind, key_hash)
values (:channel, :kind, core.shopper_hash(:kind, :shopper))
on conflict (channel, kind, key_hash) do nothing;
