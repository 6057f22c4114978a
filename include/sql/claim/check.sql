-- claim/check: a call is about to be made: is the claim still ours?   Writes  ops.claim.
-- Touches no row where another run has taken over, or a newer attempt of this run has begun.

update ops.claim as c set
    beat_at = clock_timestamp(),
    calling_since = clock_timestamp()
from ops.run as r
where c.store_hash = :store_hash and c.epoch = :epoch and c.run_no = r.run_no and c.attempt = r.attempt;
