-- staging/move_stretch: a page of a stretch is staged; committed with the page.

update staging.stretch set
    reached_id = :reached_id,
    finished = :finished
where collection = :collection and stretch_no = :stretch_no;
