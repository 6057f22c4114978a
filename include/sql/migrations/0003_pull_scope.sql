-- Pulls of what changed: what a run pulls, and up to which moment of the store's own clock.

alter table ops.run add column store_time timestamptz;
alter table ops.run add column store_hash text;
alter table ops.run add column complete boolean;
alter table ops.run add column changed_since timestamptz;
comment on column ops.run.store_time is 'The store''s own clock just before the first record was read.';
comment on column ops.run.store_hash is 'The store that it pulls from.';
comment on column ops.run.complete is 'Whether all records of the store are pulled; null while that is not decided.';
comment on column ops.run.changed_since is 'Only what the store says to have changed since then is pulled, on its own clock; null: all, or chosen records.';

alter table ops.watermark add column store_time timestamptz;
alter table ops.watermark add column store_hash text;
comment on column ops.watermark.store_hash is 'The store that was pulled: of another one everything is new.';
comment on column ops.watermark.store_time is 'The store''s own clock when the last pull began, complete or of what had changed: the next one may ask for what changed since.';
