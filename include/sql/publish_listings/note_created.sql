-- publish_listings/load: the store has made the product; its variants' ids are still to be read.
-- Writes   ops.push.   Repeat  safe.
-- From here on nobody looks for it by SKU or name: its id is known.

update ops.push as p set
    detail = p.detail || jsonb_build_object('product_id', cast(:product_id as bigint), 'found', cast(:found as boolean)),
    sent_at = coalesce(p.sent_at, :sent_at)
where p.push_no = :push_no;
