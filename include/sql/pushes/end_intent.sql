-- pushes/end_intent: what became of a call that creates.   Writes  ops.push.   Repeat  safe.

update ops.push as p set
    state = :state,
    detail = p.detail || jsonb_strip_nulls(jsonb_build_object('reason', cast(:reason as text))),
    sent_at = coalesce(p.sent_at, :sent_at),
    epoch = :epoch,
    run_no = :run_no,
    settled_at = now()
where p.push_no = :push_no;
