-- staging/create: the tables that every run's staging begins with.   Repeat  safe: what a first attempt committed stays.
-- `staging.x` is this run's own table x; see warehouse/sql.py.

create unlogged table if not exists staging.step (step text primary key);

create unlogged table if not exists staging.stretch (
    collection text not null,
    stretch_no integer not null,
    reached_id bigint not null,
    before_id bigint,
    finished boolean not null,
    primary key (collection, stretch_no)
);
