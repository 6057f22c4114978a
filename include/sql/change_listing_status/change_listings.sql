-- change_listing_status/change: what was decided for each listing.
-- Grain    (listing).
-- Writes   core.listing.   Repeat  safe: it sets what is wanted.

update core.listing as l set
    paused = d.paused,
    queued_action = d.queued_action
from (
    select
        u.listing_key,
        u.paused,
        u.queued_action
    from
        unnest(cast(:listing_keys as text[]), cast(:paused as boolean[]), cast(:queued_actions as text[]))
            as u (listing_key, paused, queued_action)
) as d
where l.channel = :channel and l.listing_key = d.listing_key;
