-- publish_listings/load: the store has told the id of a brand that was sent by name.   Writes  raw.brand.   Repeat  safe.

insert into raw.brand as b (channel, brand_id, name)
values (:channel, :brand_id, :brand)
on conflict (channel, brand_id) do nothing;
