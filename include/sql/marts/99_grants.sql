-- Who may read what. Applied again with the views, so that a new view is readable and nothing else is.
-- analyst    the marts, and nothing else.
-- engineer   everything but the salt of forgotten shoppers; writes the tables of core that others write.

do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'analyst') then
        grant usage on schema mart to analyst;
        grant select on all tables in schema mart to analyst;
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = 'engineer') then
        grant usage on schema raw, core, ops, mart to engineer;
        grant select on all tables in schema raw, core, ops, mart to engineer;
        revoke all on ops.shopper_salt from engineer;
        grant insert, update, delete on core.inventory_item, core.listing, core.listing_variant, core.shipment,
        core.shipment_item to engineer;
        grant usage on sequence core.shipment_version_seq to engineer;
    end if;
end $$;

revoke execute on all functions in schema core from public;
