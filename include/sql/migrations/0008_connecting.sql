-- Connecting a store in the browser: flows that were begun, each good once; codes that were used.

create table ops.connect_flow (
    flow_hash bytea primary key,
    session_hash bytea not null,
    user_name text not null,
    channel text not null,
    store_hash text not null,
    begun_at timestamptz not null default now()
);
comment on table ops.connect_flow is 'A person has begun to connect a store, and BigCommerce has not sent the browser back yet. Each is good once, for ten minutes.';
comment on column ops.connect_flow.flow_hash is 'SHA-256 of the state that goes along with the browser.';
comment on column ops.connect_flow.session_hash is 'SHA-256 of what the browser was given when it began: another browser cannot end it.';
comment on column ops.connect_flow.user_name is 'Who began it, as Airflow names them.';
comment on column ops.connect_flow.channel is 'The channel that the store is to become.';
comment on column ops.connect_flow.store_hash is 'The store that was asked for: no other may come back.';
comment on column ops.connect_flow.begun_at is 'When.';

create table ops.connect_code (
    code_hash bytea primary key,
    used_at timestamptz not null default now()
);
comment on table ops.connect_code is 'Codes of BigCommerce that were used: none works twice, whatever BigCommerce would say.';
comment on column ops.connect_code.code_hash is 'SHA-256 of the code.';
comment on column ops.connect_code.used_at is 'When.';
