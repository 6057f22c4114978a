-- load_listings/load: new variants, and known ones of which the file says something else.
-- Grain    (channel, master_sku).   Reads  staging, core.listing.   Writes  core.listing_variant.   Repeat  safe: keyed.
-- Order    what somebody has written meanwhile, with a newer updated_at of the listing, stays.

insert into core.listing_variant (
    channel, master_sku, listing_key, sku, upc, mpn, gtin, options, price, weight, quantity, inventory_sku
)
select
    :channel,
    d.master_sku,
    d.listing_key,
    coalesce(r.sku, case when :identifier = 'sku' then d.master_sku end),
    coalesce(r.upc, case when :identifier = 'upc' then d.master_sku end),
    coalesce(r.mpn, case when :identifier = 'mpn' then d.master_sku end),
    r.gtin,
    d.options,
    r.variant_price,
    r.variant_weight,
    r.quantity,
    r.inventory_sku
from staging.draft_variant as d
inner join staging.draft_row as r on d.line = r.line
where d.verdict = 'create'
order by d.listing_key, d.master_sku;

update core.listing_variant as v set
    sku = case
        when 'sku' = any(cast(:columns as text[]))
            then coalesce(r.sku, case when :identifier = 'sku' then d.master_sku end)
        else v.sku
    end,
    upc = case
        when 'upc' = any(cast(:columns as text[]))
            then coalesce(r.upc, case when :identifier = 'upc' then d.master_sku end)
        else v.upc
    end,
    mpn = case
        when 'mpn' = any(cast(:columns as text[]))
            then coalesce(r.mpn, case when :identifier = 'mpn' then d.master_sku end)
        else v.mpn
    end,
    gtin = case when 'gtin' = any(cast(:columns as text[])) then r.gtin else v.gtin end,
    options = d.options,
    price = case when 'variant_price' = any(cast(:columns as text[])) then r.variant_price else v.price end,
    weight = case when 'variant_weight' = any(cast(:columns as text[])) then r.variant_weight else v.weight end,
    quantity = case when 'quantity' = any(cast(:columns as text[])) then r.quantity else v.quantity end,
    inventory_sku = case when 'inventory_sku' = any(cast(:columns as text[])) then r.inventory_sku else v.inventory_sku end
from staging.draft_variant as d
inner join staging.draft_row as r on d.line = r.line
inner join staging.draft_listing as g on d.listing_key = g.listing_key
inner join core.listing as l on l.channel = :channel and d.listing_key = l.listing_key and g.as_of = l.updated_at
where v.channel = :channel and v.master_sku = d.master_sku and d.verdict = 'update';
