-- load_listings/load: what the file says of each listing, and whether that differs from what the warehouse has.
-- Grain    the listing, of those without any problem of which a row is newer than what the warehouse has.
-- Reads    staging, core.listing, ops.run.   Writes  staging.draft_listing.
-- A row without updated_at is as of the moment before the file was read. A column counts ("takes") where a newer row
-- gives a value, or no row gives one; what only older rows say leaves the listing as it is.

insert into staging.draft_listing (
    listing_key, as_of, dated, takes, title, description, type, weight, price, brand, categories, images, condition,
    availability, custom_fields, verdict
)
with sound as materialized (
    select
        r.*,
        r.updated_at is not null as dated,
        coalesce(r.updated_at, u.pulled_from) as as_of,
        (l.updated_at is null or coalesce(r.updated_at, u.pulled_from) > l.updated_at) as wins
    from staging.draft_row as r
    cross join ops.run as u
    left join core.listing as l on l.channel = :channel and r.listing_key = l.listing_key
    where
        u.run_no = :run_no
        and not exists (
            select 1 from staging.feed_problem as p
            where p.group_key = r.listing_key
        )
),

named as (
    select
        f.listing_key,
        jsonb_object_agg(f.name, f.value) filter (where f.wins) as fields,
        array_agg(f.name) filter (where not f.wins) as old_fields
    from (
        select
            s.listing_key,
            e.name,
            max(e.value) as value,
            bool_or(s.wins) as wins
        from sound as s
        cross join lateral jsonb_each_text(s.custom_fields) as e (name, value)
        group by s.listing_key, e.name
    ) as f
    group by f.listing_key
),

said as (
    select
        s.listing_key,
        max(s.as_of) as as_of,
        bool_or(s.dated and s.wins) as dated,
        max(s.title) as title,
        max(s.description) as description,
        coalesce(max(s.type), 'physical') as type,
        max(s.weight) as weight,
        max(s.price) as price,
        max(s.brand) as brand,
        coalesce(max(s.categories), '{}') as categories,
        coalesce(max(s.images), '{}') as images,
        max(s.condition) as condition,
        max(s.availability) as availability,
        array[
            case when count(s.title) = 0 or count(s.title) filter (where s.wins) > 0 then 'title' end,
            case when count(s.description) = 0 or count(s.description) filter (where s.wins) > 0 then 'description' end,
            case when count(s.type) = 0 or count(s.type) filter (where s.wins) > 0 then 'type' end,
            case when count(s.weight) = 0 or count(s.weight) filter (where s.wins) > 0 then 'weight' end,
            case when count(s.price) = 0 or count(s.price) filter (where s.wins) > 0 then 'price' end,
            case when count(s.brand) = 0 or count(s.brand) filter (where s.wins) > 0 then 'brand' end,
            case when count(s.categories) = 0 or count(s.categories) filter (where s.wins) > 0 then 'categories' end,
            case when count(s.images) = 0 or count(s.images) filter (where s.wins) > 0 then 'images' end,
            case when count(s.condition) = 0 or count(s.condition) filter (where s.wins) > 0 then 'condition' end,
            case when count(s.availability) = 0 or count(s.availability) filter (where s.wins) > 0 then 'availability' end
        ] as current
    from sound as s
    group by s.listing_key
    having bool_or(s.wins)
),

drafted as (
    select
        d.*,
        l.listing_key is null as fresh,
        array(
            select unnest(d.current)
            intersect
            select unnest(cast(:columns as text[]))
        ) as takes,
        -- fields that no column names stay, in their places; a blank one goes, a new one comes last
        case
            when not f.named then coalesce(l.custom_fields, '[]')
            else (
                select coalesce(jsonb_agg(e.entry order by e.place), '[]')
                from (
                    select
                        o.entry,
                        o.place
                    from jsonb_array_elements(k.fields) with ordinality as o (entry, place)
                    where
                        not exists (
                            select 1 from staging.draft_column as c
                            where
                                c.prefix = 'custom_field.'
                                and lower(c.name) = lower(o.entry ->> 'name')
                                and c.name <> all(coalesce(n.old_fields, '{}'))
                        )
                    union all
                    select
                        jsonb_build_object('name', c.name, 'value', n.fields ->> c.name),
                        coalesce(
                            (
                                select min(o.place)
                                from jsonb_array_elements(k.fields) with ordinality as o (entry, place)
                                where lower(o.entry ->> 'name') = lower(c.name)
                            ),
                            1000000 + c.place
                        )
                    from staging.draft_column as c
                    where c.prefix = 'custom_field.' and n.fields ->> c.name is not null
                ) as e
            )
        end as custom_fields
    from said as d
    left join named as n on d.listing_key = n.listing_key
    left join core.listing as l on l.channel = :channel and d.listing_key = l.listing_key
    cross join
        lateral (
            select case when jsonb_typeof(l.custom_fields) = 'array' then l.custom_fields else '[]' end as fields
        ) as k
    cross join (
        select count(*) > 0 as named
        from staging.draft_column as c
        where c.prefix = 'custom_field.'
    ) as f
)

select
    d.listing_key,
    d.as_of,
    d.dated,
    d.takes,
    d.title,
    d.description,
    d.type,
    d.weight,
    d.price,
    d.brand,
    d.categories,
    d.images,
    d.condition,
    d.availability,
    d.custom_fields,
    case
        when d.fresh then 'create'
        when
            ('title' = any(d.takes) and l.title is distinct from d.title)
            or ('description' = any(d.takes) and l.description is distinct from d.description)
            or ('type' = any(d.takes) and l.type <> d.type)
            or ('weight' = any(d.takes) and l.weight is distinct from d.weight)
            or ('price' = any(d.takes) and l.price is distinct from d.price)
            or ('brand' = any(d.takes) and l.brand is distinct from d.brand)
            -- their order means nothing to a store
            or ('categories' = any(d.takes) and not (l.categories @> d.categories and l.categories <@ d.categories))
            or ('images' = any(d.takes) and l.images <> d.images)
            or ('condition' = any(d.takes) and l.condition is distinct from d.condition)
            or ('availability' = any(d.takes) and l.availability is distinct from d.availability)
            or l.custom_fields <> d.custom_fields
            then 'update'
        else 'same'
    end
from drafted as d
left join core.listing as l on l.channel = :channel and d.listing_key = l.listing_key;

analyze staging.draft_listing (listing_key, verdict);
