-- connect/begin: a person begins to connect a store.   Writes  ops.connect_flow; what is too old goes.

delete from ops.connect_flow as f
where f.begun_at < now() - make_interval(secs => :seconds);

insert into ops.connect_flow (flow_hash, session_hash, user_name, channel, store_hash)
values (:flow_hash, :session_hash, :user_name, :channel, :store_hash);
