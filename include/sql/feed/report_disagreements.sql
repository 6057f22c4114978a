-- feed/load: lines that give their listing or shipment another value than the first line that gives one.
-- Reads    staging.feed_value.   Writes  staging.feed_problem, a row for each such line.

insert into staging.feed_problem (line, entity, entity_key, reason, source, message, group_key, master_sku)
with given as (
    select
        v.*,
        first_value(v.value) over by_line as first_one,
        first_value(v.line) over by_line as first_line
    from staging.feed_value as v
    window by_line as (partition by v.group_key, v.name order by v.line)
)

select
    g.line,
    :entity,
    g.group_key,
    'rows_disagree',
    'feed/' || :entity || '/' || g.group_key,
    'line ' || g.line || ': says otherwise than line ' || min(g.first_line) || ' of the same ' || :entity || ': '
    || left(string_agg(g.name, ', ' order by g.name), 200) || '.',
    g.group_key,
    g.master_sku
from given as g
where g.value <> g.first_one
group by g.line, g.group_key, g.master_sku;
