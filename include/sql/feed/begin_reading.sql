-- feed/extract: the file is read from its beginning, whatever a former attempt has staged of it.
-- Writes   staging, ops.run: the moment that a row without updated_at bears, which is before the first is read.
-- Repeat   safe.

truncate staging.feed_problem, staging.feed_value;

delete from staging.step
where step = 'extracted';

update ops.run set
    pulled_from = clock_timestamp(),
    staged = null
where run_no = :run_no;
