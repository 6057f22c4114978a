-- get_orders/extract: orders staged, those of them that are new or changed, and refunds.

select
    (select count(*) from staging.pulled_order) as orders,
    (
        select count(*) from staging.pulled_order
        where payload is not null or unstorable is not null
    ) as changed,
    (select count(*) from staging.pulled_refund) as refunds;
