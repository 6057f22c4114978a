-- claim/beat: a sign of life.   Writes  ops.claim.   Touches no row where the claim is not ours any more.

update ops.claim as c set beat_at = clock_timestamp()
from ops.run as r
where c.store_hash = :store_hash and c.epoch = :epoch and c.run_no = r.run_no and c.attempt = r.attempt;
