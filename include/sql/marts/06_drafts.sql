-- core.draft: each listing as a publish would send it, in one JSON object, and a version that changes with it.
-- Grain  (channel, listing_key).

create or replace view core.draft as
select
    l.channel,
    l.listing_key,
    l.product_id,
    l.status,
    l.paused,
    l.queued_action,
    d.content,
    md5(d.content::text) as version
from core.listing as l
cross join lateral (
    select
        jsonb_build_object(
            'title', l.title,
            'description', l.description,
            'type', l.type,
            'weight', l.weight,
            'price', l.price,
            'brand', l.brand,
            'categories', l.categories,
            'images', l.images,
            'custom_fields', l.custom_fields,
            'condition', l.condition,
            'availability', l.availability,
            'variants', coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'master_sku', v.master_sku,
                        'sku', v.sku,
                        'upc', v.upc,
                        'mpn', v.mpn,
                        'gtin', v.gtin,
                        'options', v.options,
                        'price', w.price,
                        'managed', w.quantity is not null,
                        'sale_price', w.sale_price,
                        'cost_price', w.cost_price,
                        'retail_price', w.retail_price,
                        'weight', w.weight
                    ) order by v.master_sku
                ) filter (where v.master_sku is not null),
                '[]'
            )
        ) as content
    from core.listing_variant as v
    inner join core.wanted as w on v.channel = w.channel and v.master_sku = w.master_sku
    where v.channel = l.channel and v.listing_key = l.listing_key
) as d;

comment on view core.draft is 'Each listing as a publish would send it: its own data, and of each variant what is wanted.';
comment on column core.draft.channel is 'The store, by its channel''s name.';
comment on column core.draft.listing_key is 'The listing.';
comment on column core.draft.product_id is 'The store''s product; null while there is none.';
comment on column core.draft.status is 'not_listed, listed, hidden or delisted.';
comment on column core.draft.paused is 'Nothing is sent to the store while true.';
comment on column core.draft.queued_action is 'What is to be done with it next.';
comment on column core.draft.content is 'All that a publish sends, prices as core.wanted has them.';
comment on column core.draft.version is 'Another where the content is another: what was prepared from a former one is not sent.';
