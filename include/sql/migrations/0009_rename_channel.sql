-- A channel gets another name: by hand, while nothing of it runs (docs/operating.md).

create function ops.rename_channel(old_name text, new_name text) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    place record;
    name text;
    places text [] := '{}';
    renamed bigint := 0;
    rows bigint;
    others bigint;
    busy text;
begin
    if new_name !~ '^[a-z][a-z0-9_]{0,40}$' then
        raise exception '% cannot be a channel''s name: lower-case letters, digits and underscores, at most 41', quote_literal(new_name);
    end if;
    -- no run begins meanwhile
    lock table ops.run in share row exclusive mode;
    perform from ops.channel where channel = old_name for update;
    if not found then
        raise exception 'there is no channel %', quote_literal(old_name);
    end if;
    select string_agg(r.operation, ', ') into busy from ops.run as r
    where r.channel = old_name and r.state = 'running' and r.touched_at > now() - interval '30 minutes';
    if busy is not null then
        raise exception '% of channel % may be running: wait until it has ended, or for half an hour after its last sign of life', busy, quote_literal(old_name);
    end if;
    for place in
        select c.oid::regclass::text as name from pg_class as c
        inner join pg_attribute as a on c.oid = a.attrelid and a.attname = 'channel' and not a.attisdropped
        where c.relnamespace in ('raw'::regnamespace, 'core'::regnamespace, 'ops'::regnamespace) and c.relkind = 'r'
        -- variants follow their listing, and could not go before it
        order by c.oid = 'core.listing'::regclass desc, c.oid = 'core.shipment'::regclass desc, c.oid::regclass::text
    loop
        places := places || place.name;
        execute format('select count(*) filter (where channel = $1), count(*) filter (where channel = $2) from %s', place.name)
        into rows, others using old_name, new_name;
        if others > 0 and place.name not in ('core.forgotten_shopper', 'ops.connect_flow') then
            raise exception '% has rows of a channel %: two channels cannot become one', place.name, quote_literal(new_name);
        end if;
        renamed := renamed + rows;
    end loop;
    -- it is no change of a listing or shipment: nothing is to be compared or sent because of it
    alter table core.listing disable trigger user;
    alter table core.listing_variant disable trigger user;
    alter table core.shipment disable trigger user;
    alter table core.shipment_item disable trigger user;
    delete from core.forgotten_shopper as f using core.forgotten_shopper as g
    where f.channel = old_name and g.channel = new_name and f.kind = g.kind and f.key_hash = g.key_hash;
    foreach name in array places loop
        execute format('update %s set channel = $2 where channel = $1', name) using old_name, new_name;
    end loop;
    update ops.run set run_key = format('%s/%s/%s', channel, operation, run_id) where channel = new_name;
    set constraints all immediate;
    alter table core.listing enable trigger user;
    alter table core.listing_variant enable trigger user;
    alter table core.shipment enable trigger user;
    alter table core.shipment_item enable trigger user;
    return renamed;
end
$$;
comment on function ops.rename_channel(text, text) is 'Gives a channel another name everywhere; how many rows bear it. For the schemas'' owner, while nothing of the channel runs.';
revoke all on function ops.rename_channel(text, text) from public;
