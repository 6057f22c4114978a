-- connect/end: BigCommerce has sent the browser back: what was begun, and by whom; it cannot be ended again.
-- Writes   ops.connect_flow.   Answers  nothing where there is none, or it is too old.

delete from ops.connect_flow as f
where f.flow_hash = :flow_hash and f.begun_at >= now() - make_interval(secs => :seconds)
returning f.session_hash, f.user_name, f.channel, f.store_hash;
