-- claim/release: others may write now.   Writes  ops.claim.   Repeat  safe.
-- A call whose outcome nobody knows may still be under way: whoever comes next waits it out.

update ops.claim set run_no = null
where store_hash = :store_hash and epoch = :epoch;
