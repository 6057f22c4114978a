-- What a listing needs to become a product, the intents of calls that create, and what a sync must not forget.

alter table core.listing
add column condition text check (condition in ('New', 'Used', 'Refurbished')),
add column availability text check (availability in ('available', 'disabled', 'preorder')),
add column images_sent jsonb not null default '[]',
add column assign_to bigint,
add column pushed_at timestamptz,
add column updated_at timestamptz;
comment on column core.listing.condition is 'New, Used or Refurbished; null: not said, and the store takes New.';
comment on column core.listing.availability is 'Wanted by a publish: available, disabled or preorder; null: not said, and the store takes available.';
comment on column core.listing.images_sent is 'The images that were sent to the store: a JSON array of {"url": ..., "image_id": ...}. The store keeps copies under addresses of its own.';
comment on column core.listing.assign_to is 'The store''s own sales channel that the product is still to be put on; null: none.';
comment on column core.listing.pushed_at is 'When the store last confirmed that it shows, hides or has deleted the product: what was read before that is no news of it.';
comment on column core.listing.updated_at is 'As of when a feed said what it says of the listing: an older one never wins; null: no feed has.';

alter table core.listing_variant
add column gtin text,
add column in_doubt text[] not null default '{}',
add column held_quantity bigint,
add column held_wanted bigint;
comment on column core.listing_variant.gtin is 'Global trade item number, as text; sent when the listing is published.';
comment on column core.listing_variant.in_doubt is 'Fields that a call may have changed in the store without our knowing, such as price: sent again whatever synced_* says, until the store confirms them.';
comment on column core.listing_variant.held_quantity is 'Units that the store had when its stock was set to 0 to hide the listing; null: it is not hidden so.';
comment on column core.listing_variant.held_wanted is 'The quantity that was wanted then: while no other is, showing it again brings held_quantity back, so that no sale is undone.';

alter table core.inventory_item add column zeroed_by_feed boolean not null default false;
comment on column core.inventory_item.zeroed_by_feed is 'Its quantity is 0 because a feed with missing_rows: zero did not have it; any row of a later feed ends that.';

-- A call that creates cannot be taken back and has no key by which the store would know it again. So what is meant is
-- written down before the call, once: while its fate is open there is no second one.
create unique index push_open_intent on ops.push (channel, entity, entity_key)
where action = 'create' and state in ('pending', 'sending', 'unknown');
comment on column ops.push.run_no is 'The run that sent it, or that found out what had become of it.';
comment on column ops.push.action is 'create, link, overwrite, add_variants, remove_variants, add_images, remove_images, remove_custom_fields or assign (publish); set_fields, set_stock, track_stock, hide, unhide or delist (sync).';
comment on column ops.push.state is 'dry_run: never sent. pending: meant, not yet sent. sending: its call may be under way. done: the store confirmed it. adopted: its answer was lost, and what it made was found in the store. refused: the store said no. unknown: it may have taken effect; of what creates, the next run looks first.';
