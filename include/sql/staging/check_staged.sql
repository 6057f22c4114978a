-- staging/check_staged: whether a step is done and all that it staged is still there.   Reads  staging.step.
-- Staging is unlogged: a crash of the database empties all of it at once, and this mark with the rest.

select exists(
    select 1 from staging.step as s
    where s.step = :step
) as there;
