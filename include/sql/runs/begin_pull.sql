-- runs/begin_pull: the moment before the first record is read, on both clocks.   Writes  ops.run.
-- Repeat   safe: the first attempt's moment stays.

update ops.run set
    pulled_from = clock_timestamp(),
    store_time = cast(:store_time as timestamptz),
    store_hash = :store_hash
where run_no = :run_no and pulled_from is null;
