-- load_listings/load: new listings, and known ones of which the file says something else, or something newer.
-- Grain    (channel, listing_key).   Reads  staging.   Writes  core.listing.   Repeat  safe: keyed.
-- Order    what somebody has written meanwhile, with a newer updated_at, stays.

insert into core.listing (
    channel, listing_key, title, description, type, weight, price, brand, categories, images, condition, availability,
    custom_fields, updated_at
)
select
    :channel,
    d.listing_key,
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
    d.as_of
from staging.draft_listing as d
where d.verdict = 'create'
order by d.listing_key;

update core.listing as l set
    title = case when 'title' = any(d.takes) then d.title else l.title end,
    description = case when 'description' = any(d.takes) then d.description else l.description end,
    type = case when 'type' = any(d.takes) then d.type else l.type end,
    weight = case when 'weight' = any(d.takes) then d.weight else l.weight end,
    price = case when 'price' = any(d.takes) then d.price else l.price end,
    brand = case when 'brand' = any(d.takes) then d.brand else l.brand end,
    categories = case
        when 'categories' = any(d.takes) and not (l.categories @> d.categories and l.categories <@ d.categories)
            then d.categories
        else l.categories
    end,
    images = case when 'images' = any(d.takes) then d.images else l.images end,
    condition = case when 'condition' = any(d.takes) then d.condition else l.condition end,
    availability = case when 'availability' = any(d.takes) then d.availability else l.availability end,
    custom_fields = d.custom_fields,
    updated_at = d.as_of
from staging.draft_listing as d
where
    l.channel = :channel
    and l.listing_key = d.listing_key
    and d.verdict <> 'create'
    and (l.updated_at is null or l.updated_at < d.as_of)
    and (
        d.verdict = 'update'
        or d.dated
        or d.listing_key in (
            select v.listing_key from staging.draft_variant as v
            where v.verdict in ('create', 'update')
        )
    );
