-- get_orders/load: shoppers' data are replaced with their order; those of a forgotten shopper do not come back.
-- Reads    staging.   Writes  core.order_contact, order_address, order_text.   Repeat  safe.

delete from core.order_contact as c using staging.verdict as v
where c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update';

insert into core.order_contact (
    channel,
    order_id,
    customer_id,
    ip_address,
    customer_message,
    staff_notes
)
select
    :channel,
    s.order_id,
    s.customer_id,
    s.ip_address,
    s.customer_message,
    s.staff_notes
from staging.order_contact as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update') and not v.forgotten;

delete from core.order_address as c using staging.verdict as v
where c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update';

insert into core.order_address (
    channel,
    order_id,
    kind,
    consignment_id,
    first_name,
    last_name,
    company,
    street_1,
    street_2,
    city,
    region,
    postal_code,
    country,
    country_name,
    phone,
    email,
    form_fields
)
select
    :channel,
    s.order_id,
    s.kind,
    s.consignment_id,
    s.first_name,
    s.last_name,
    s.company,
    s.street_1,
    s.street_2,
    s.city,
    s.region,
    s.postal_code,
    s.country,
    s.country_name,
    s.phone,
    s.email,
    s.form_fields
from staging.order_address as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update') and not v.forgotten
where
    s.email is null
    or not exists (
        select 1 from core.forgotten_shopper as t
        where t.channel in (:channel, '*') and t.kind = 'email' and t.key_hash = core.shopper_hash('email', s.email)
    );

delete from core.order_text as c using staging.verdict as v
where c.channel = :channel and c.order_id = v.order_id and v.verdict = 'update';

insert into core.order_text (
    channel,
    order_id,
    order_product_id,
    text_no,
    name,
    value
)
select
    :channel,
    s.order_id,
    s.order_product_id,
    s.text_no,
    s.name,
    s.value
from staging.order_text as s
inner join staging.verdict as v on s.order_id = v.order_id and v.verdict in ('create', 'update') and not v.forgotten;
