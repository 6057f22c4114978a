-- feed/load: what was read is not needed any more.   Repeat  safe.

drop table if exists staging.feed_problem;
