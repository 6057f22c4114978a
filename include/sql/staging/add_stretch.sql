-- staging/add_stretch: a stretch of ids to be read.

insert into staging.stretch (collection, stretch_no, reached_id, before_id, finished)
values (:collection, :stretch_no, :reached_id, :before_id, :finished);
