-- publish_listings/extract: how many listings were pinned.   Reads  staging.draft.

select count(*) as drafts from staging.draft;
