-- sync_listings/approve: a person has approved what the run asked about.   Writes  ops.approval.   Repeat  safe.

update ops.approval as a set
    approved_at = now(),
    approved_by = :approved_by
from ops.run as r
where r.run_key = :run_key and a.run_no = r.run_no and a.approved_at is null;
