-- The way out: who may write to a store, what was sent to it, and the fields that a sync may send besides price and stock.

create table ops.claim (
    store_hash text primary key,
    epoch bigint not null default 0,
    run_no bigint references ops.run (run_no),
    attempt integer,
    lease_seconds numeric not null default 0,
    call_seconds numeric not null default 0,
    taken_at timestamptz,
    beat_at timestamptz,
    calling_since timestamptz
);
comment on table ops.claim is 'Who may write to a store: one run at a time. Whoever takes over raises the epoch, and the former holder can send nothing more.';
comment on column ops.claim.store_hash is 'The store: two channels of one store share its claim.';
comment on column ops.claim.epoch is 'Raised by each taking.';
comment on column ops.claim.run_no is 'The run that holds it; null: it is free.';
comment on column ops.claim.attempt is 'Which attempt of the run holds it.';
comment on column ops.claim.lease_seconds is 'So long after the last beat another run may take over.';
comment on column ops.claim.call_seconds is 'So long a call of the holder may take.';
comment on column ops.claim.taken_at is 'When it was taken.';
comment on column ops.claim.beat_at is 'The holder''s last sign of life.';
comment on column ops.claim.calling_since is 'Since when a call may be under way whose outcome is not recorded; null: none is.';

create table ops.push (
    push_no bigint generated always as identity primary key,
    channel text not null,
    operation text not null,
    run_no bigint not null references ops.run (run_no),
    entity text not null,
    entity_key text not null,
    action text not null,
    state text not null
    check (state in ('dry_run', 'pending', 'sending', 'done', 'adopted', 'refused', 'unknown')),
    detail jsonb not null default '{}',
    epoch bigint,
    sent_at timestamptz,
    settled_at timestamptz not null default now()
);
create index push_by_key on ops.push (channel, entity_key, push_no);
create index push_by_run on ops.push (run_no);
comment on table ops.push is 'What was sent to a store and what became of it; of dry runs, what would have been sent.';
comment on column ops.push.push_no is 'Its number.';
comment on column ops.push.channel is 'The store, by its channel''s name.';
comment on column ops.push.operation is 'The operation that sent it.';
comment on column ops.push.run_no is 'The run that sent it.';
comment on column ops.push.entity is 'variant or listing.';
comment on column ops.push.entity_key is 'The master SKU of a variant, else the listing''s key.';
comment on column ops.push.action is 'set_fields, set_stock, track_stock, hide, unhide or delist.';
comment on column ops.push.state is 'dry_run: never sent. done: the store confirmed it. refused: it said no. unknown: it may have taken effect; the next run sends what is wanted then.';
comment on column ops.push.detail is 'What was sent ("to"), what the warehouse took the store to have before ("from"), and the store''s reason where it refused.';
comment on column ops.push.epoch is 'The claim under which it was sent.';
comment on column ops.push.sent_at is 'When its call began; null: it was never sent.';
comment on column ops.push.settled_at is 'When its outcome was recorded.';

create table ops.approval (
    run_no bigint not null references ops.run (run_no),
    entity_key text not null,
    guard text not null,
    price numeric,
    approved_at timestamptz,
    approved_by text,
    primary key (run_no, guard, entity_key)
);
comment on table ops.approval is 'What a run asked a person to approve: only that may be sent without another question.';
comment on column ops.approval.run_no is 'The run that asked.';
comment on column ops.approval.entity_key is 'The listing''s key; of a price, the master SKU.';
comment on column ops.approval.guard is 'Which guard it ran into: zeroed, hidden, delisted or price.';
comment on column ops.approval.price is 'Of a price, the very one that may be sent.';
comment on column ops.approval.approved_at is 'When a person approved it; null: nobody has.';
comment on column ops.approval.approved_by is 'Who, as Airflow names them.';

alter table core.listing_variant
add column sale_price numeric,
add column cost_price numeric,
add column retail_price numeric,
add column weight numeric,
add column synced_sale_price numeric,
add column synced_cost_price numeric,
add column synced_retail_price numeric,
add column synced_weight numeric,
add column linked_to text;
comment on column core.listing_variant.sale_price is 'Wanted sale price, 0 for none; null: not managed, never sent.';
comment on column core.listing_variant.cost_price is 'Wanted cost price; null: not managed, never sent.';
comment on column core.listing_variant.retail_price is 'Wanted retail price (MSRP), 0 for none; null: not managed, never sent.';
comment on column core.listing_variant.weight is 'Wanted weight in the store''s unit; null: not managed, never sent.';
comment on column core.listing_variant.synced_sale_price is 'What the store last confirmed to us; null: never sent.';
comment on column core.listing_variant.synced_cost_price is 'As synced_sale_price, for the cost price.';
comment on column core.listing_variant.synced_retail_price is 'As synced_sale_price, for the retail price.';
comment on column core.listing_variant.synced_weight is 'As synced_sale_price, for the weight.';
comment on column core.listing_variant.linked_to is 'The inventory item that a sync saw it linked to. Where there is no item any more, nothing is sent in its place until somebody sets this to null.';

alter table core.listing add column available_as text;
comment on column core.listing.available_as is 'The product''s availability before a sync made it unavailable, to be put back when it is shown again; null: available.';

comment on column ops.channel.rules is 'What of the channel''s settings shapes what is wanted and shown, written by each run; read by core.wanted and the marts.';
