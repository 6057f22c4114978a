-- sync_listings/plan: prices that may not be sent, and quantities that cannot be.
-- Reads    staging.differing, ops.approval, raw.product, core.wanted.   Writes  staging.differing, staging.problem.

update staging.differing as d set held = 'price_held'
where
    d.held is null
    and d.sends_price
    and d.change_factor > :max_price_change_factor
    and not :confirmed
    and not exists (
        select 1 from ops.approval as a
        where
            a.run_no = :run_no
            and a.guard = 'price'
            and a.entity_key = d.master_sku
            and a.price = d.wanted_price
            and a.approved_at is not null
    );

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'variant',
    d.master_sku,
    d.held,
    case d.held
        when 'inventory_link_lost' then 'The inventory item that ' || d.master_sku || ' was linked to is gone.'
        when 'missing_price' then 'Nobody says what ' || d.master_sku || ' costs.'
        else format('The price %s of %s, so far %s, was not sent.', d.wanted_price, d.master_sku, coalesce(d.former_price::text, 'unknown'))
    end,
    'variant/' || d.variant_id
from staging.differing as d
where d.held is not null;

-- what shoppers pay is a price too: a sale price of 0 is none
with judged as (
    select
        d.master_sku,
        d.variant_id,
        s.sale_price,
        s.former,
        f.change_factor,
        case
            when s.sale_price < :min_price then 'price_below_minimum'
            when
                not :confirmed
                and f.change_factor > :max_price_change_factor
                and not exists (
                    select 1 from ops.approval as a
                    where
                        a.run_no = :run_no
                        and a.guard = 'sale_price'
                        and a.entity_key = d.master_sku
                        and a.price = s.sale_price
                        and a.approved_at is not null
                )
                then 'price_held'
        end as reason
    from staging.differing as d
    cross join
        lateral (
            select
                (d.fields ->> 'sale_price')::numeric as sale_price,
                coalesce(nullif((d.former ->> 'sale_price')::numeric, 0), d.former_price) as former
        ) as s
    cross join
        lateral (
            select case when s.former > 0 then greatest(s.sale_price / s.former, s.former / s.sale_price) else 1 end as change_factor
        ) as f
    where s.sale_price > 0 and s.sale_price < 'Infinity' and d.held is distinct from 'inventory_link_lost'
),

taken_out as (
    update staging.differing as d set
        fields = d.fields - 'sale_price',
        held_sale_price = case when j.reason = 'price_held' then j.sale_price end,
        sale_change_factor = j.change_factor
    from judged as j
    where d.master_sku = j.master_sku and j.reason is not null
)

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'variant',
    j.master_sku,
    j.reason,
    format('The sale price %s of %s, so far %s, was not sent.', j.sale_price, j.master_sku, coalesce(j.former::text, 'unknown')),
    'variant/' || j.variant_id || '/sale_price'
from judged as j
where j.reason is not null;

insert into staging.problem (entity, entity_key, reason, message, source)
select
    'variant',
    d.master_sku,
    'invalid_price',
    format('The %s %s of %s is no amount and was not sent.', replace(f.key, '_', ' '), f.value, d.master_sku),
    'variant/' || d.variant_id || '/' || f.key
from staging.differing as d
cross join lateral jsonb_each_text(d.fields) as f
where (f.value::numeric < 0 or f.value::numeric >= 'Infinity') and d.held is distinct from 'inventory_link_lost';

update staging.differing as d set
    sends_price = d.sends_price and d.held is null,
    sends_quantity = d.sends_quantity and d.held is distinct from 'inventory_link_lost',
    fields = case
        when d.held = 'inventory_link_lost' then '{}'
        else d.fields - array(
            select f.key from jsonb_each_text(d.fields) as f
            where f.value::numeric < 0 or f.value::numeric >= 'Infinity'
        )
    end
where d.held is not null or d.fields <> '{}';
