-- connect/end: a code is used.   Writes  ops.connect_code.   Touches no row where it was used before.

insert into ops.connect_code (code_hash) values (:code_hash)
on conflict (code_hash) do nothing;
