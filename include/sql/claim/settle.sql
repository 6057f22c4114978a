-- claim/settle: a call's outcome is recorded in this transaction: nobody takes over before it ends.   Writes  ops.claim.
-- Answers  when the call began; nothing where the claim is not ours any more.

with former as (
    select
        c.store_hash,
        c.calling_since
    from ops.claim as c
    where c.store_hash = :store_hash and c.epoch = :epoch
    for update
)

update ops.claim as c set
    beat_at = clock_timestamp(),
    calling_since = null
from former as f
where c.store_hash = f.store_hash
returning f.calling_since;
