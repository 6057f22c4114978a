-- staging/drop: the run has loaded; the tables that its staging began with are not needed any more.   Repeat  safe.

drop table if exists staging.step, staging.stretch;
