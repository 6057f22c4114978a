-- feed/load: what was read is not needed any more.   Repeat  safe.

drop table if exists staging.feed_problem, staging.feed_value;
