-- staging/add_step: a part of the extraction is committed.

insert into staging.step (step) values (:step);
