-- staging/remove_step: a step is not done any more: it begins anew.   Repeat  safe.

delete from staging.step
where step = :step;
