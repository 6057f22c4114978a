-- import_listings/load: a SKU renamed in the store renames its row. In two steps, since one row may take what another
-- gives up; the first name cannot be anybody's SKU.
-- Reads    staging.match.   Writes  core.listing_variant.   Repeat  safe: a renamed row's variant matches as 'same'.

update core.listing_variant as v set master_sku = chr(1) || m.variant_id
from staging.match as m
where v.channel = :channel and v.master_sku = m.row_sku and m.action = 'rename';

update core.listing_variant as v set
    master_sku = m.master_sku,
    sku = case when :master_sku_field = 'sku' then m.master_sku else v.sku end,
    upc = case when :master_sku_field = 'upc' then m.master_sku else v.upc end,
    mpn = case when :master_sku_field = 'mpn' then m.master_sku else v.mpn end
from staging.match as m
where v.channel = :channel and v.master_sku = chr(1) || m.variant_id and m.action = 'rename';

update staging.match set row_sku = master_sku
where action = 'rename';
