-- import_listings/extract: a stretch of ids to be read.

insert into staging.stretch (stretch_no, reached_id, before_id, finished)
values (:stretch_no, :reached_id, :before_id, :finished);
