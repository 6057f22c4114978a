-- load_listings/load: what the lines of a listing say of it, where they do not say the same; feed/report_disagreements
-- makes problems of that.   Reads  staging.draft_row.   Writes  staging.feed_value.

insert into staging.feed_value (line, group_key, master_sku, name, value)
with disagreeing as materialized (
    select r.listing_key
    from staging.draft_row as r
    group by r.listing_key
    having
        min(r.title) <> max(r.title)
        or min(r.description) <> max(r.description)
        or min(r.type) <> max(r.type)
        or min(r.weight) <> max(r.weight)
        or min(r.price) <> max(r.price)
        or min(r.brand) <> max(r.brand)
        or min(r.categories) <> max(r.categories)
        or min(r.images) <> max(r.images)
        or min(r.condition) <> max(r.condition)
        or min(r.availability) <> max(r.availability)
    union
    select r.listing_key
    from staging.draft_row as r
    cross join lateral jsonb_each_text(r.custom_fields) as f (name, value)
    group by r.listing_key, f.name
    having min(f.value) <> max(f.value)
)

select
    r.line,
    r.listing_key,
    r.master_sku,
    c.name,
    c.value
from disagreeing as d
inner join staging.draft_row as r on d.listing_key = r.listing_key
cross join
    lateral (
        select
            u.name,
            u.value
        from (
            values
            ('title', r.title),
            ('description', r.description),
            ('type', r.type),
            ('weight', trim_scale(r.weight)::text),
            ('price', trim_scale(r.price)::text),
            ('brand', r.brand),
            ('categories', r.categories::text),
            ('images', r.images::text),
            ('condition', r.condition),
            ('availability', r.availability)
        ) as u (name, value)
        union all
        select
            'custom_field.' || f.name,
            f.value
        from jsonb_each_text(r.custom_fields) as f (name, value)
    ) as c
where c.value is not null;
