-- claim/add: a store that nobody has written to yet.   Writes  ops.claim.   Repeat  safe.

insert into ops.claim (store_hash) values (:store_hash)
on conflict (store_hash) do nothing;
