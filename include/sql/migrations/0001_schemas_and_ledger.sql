-- The schemas, and the ledger of what runs and what went wrong.

create schema if not exists raw;
create schema if not exists core;
create schema if not exists ops;
create schema if not exists mart;
create schema if not exists staging;

comment on schema raw is 'Payloads as the stores sent them, with the hash of their content.';
comment on schema core is 'The system of record: listings, variants, inventory.';
comment on schema ops is 'How it is going: channels, runs, problems, watermarks.';
comment on schema mart is 'Views for analysts and for other people''s scripts.';
comment on schema staging is 'Unlogged tables of single runs; dropped when the run has loaded.';

create table ops.channel (
    channel text primary key,
    connection_id text not null,
    store_hash text not null,
    store_name text,
    currency text,
    currency_digits smallint not null default 2,
    timezone text,
    rules jsonb not null default '{}',
    updated_at timestamptz not null default now()
);
comment on table ops.channel is 'One row a channel: its store as it described itself, and the rules that shape what is wanted.';
comment on column ops.channel.connection_id is 'The Airflow connection of the store.';
comment on column ops.channel.currency_digits is 'Decimal places of the store''s default currency; prices are rounded to them.';
comment on column ops.channel.timezone is 'The store''s time zone, as the store names it.';
comment on column ops.channel.rules is 'price_multiplier, safety_stock, max_quantity of the channel''s settings, written by each run; read by core.wanted.';

create table ops.run (
    run_no bigint generated always as identity primary key,
    run_key text not null unique,
    channel text not null,
    operation text not null,
    run_id text not null,
    state text not null default 'running' check (state in ('running', 'success', 'failed')),
    step text not null default 'started' check (step in ('started', 'extracted', 'transformed', 'loaded')),
    attempt integer not null default 0,
    dry_run boolean not null default false,
    params jsonb not null default '{}',
    message text,
    started_at timestamptz not null default now(),
    touched_at timestamptz not null default now(),
    finished_at timestamptz,
    pulled_from timestamptz,
    staged bigint,
    read bigint not null default 0,
    created bigint not null default 0,
    linked bigint not null default 0,
    updated bigint not null default 0,
    overwritten bigint not null default 0,
    unchanged bigint not null default 0,
    skipped bigint not null default 0,
    failed bigint not null default 0,
    requests bigint not null default 0,
    work_seconds numeric(12, 3) not null default 0
);
create index run_by_channel on ops.run (channel, operation, started_at desc);
comment on table ops.run is 'One row a run of an operation. A task that starts again finds here what was committed already.';
comment on column ops.run.run_key is '{channel}/{operation}/{run_id}.';
comment on column ops.run.step is 'The last step whose effect is committed.';
comment on column ops.run.attempt is 'Raised by each start of a task; an older attempt that wakes up may not write any more.';
comment on column ops.run.pulled_from is 'The moment before the first record was read: what was read is no older.';
comment on column ops.run.staged is 'Records staged by the extraction. Staging is unlogged, so a crash of the database empties it; this row stays.';
comment on column ops.run.touched_at is 'The last sign of life.';

create table ops.problem (
    problem_no bigint generated always as identity primary key,
    channel text not null,
    operation text not null,
    entity text not null,
    entity_key text not null,
    reason text not null,
    source text not null default '',
    message text not null,
    run_no bigint not null references ops.run (run_no),
    first_seen timestamptz not null default now(),
    last_seen timestamptz not null default now(),
    open boolean not null default true,
    closed_at timestamptz
);
create unique index problem_once_open on ops.problem (channel, operation, entity, entity_key, reason, source) where open;
create index problem_by_key on ops.problem (channel, entity_key);
comment on table ops.problem is 'Records that could not be handled: why, since when, and whether it still holds.';
comment on column ops.problem.source is 'The store''s record it came from, product/{id}[/variant/{id}]: handled without it, the problem closes.';
comment on column ops.problem.run_no is 'The run that saw it last.';

create table ops.watermark (
    channel text not null,
    operation text not null,
    value timestamptz not null,
    run_no bigint not null references ops.run (run_no),
    primary key (channel, operation)
);
comment on table ops.watermark is 'How far an operation has come; moves in the transaction that brings the data. For import_listings: the start of the last complete pull.';

create table ops.views_version (hash text not null);
comment on table ops.views_version is 'Which version of the views is in place; they are made anew when it changes.';
