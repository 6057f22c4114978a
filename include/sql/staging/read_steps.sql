-- staging/read_steps: the parts of the extraction that are committed.

select step from staging.step;
