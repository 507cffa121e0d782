{#
  One build for the businesses of many owners (docs/warehouses.md, A warehouse that many share). Businesses that are held,
  by freshbooks_held_businesses, are not taken from the raw tables and keep the marts that they have. None: the build is
  not for many owners; an empty list: it is, and none is held.
#}
{% macro held_businesses() -%}
    {{ return(build_value('freshbooks_held_businesses')) }}
{%- endmacro %}

{#
  Copies the rows of held businesses from the marts to those that are about to take their place, on PostgreSQL. A mart
  whose columns are others now has no rows of them.
#}
{% macro keep_held_businesses() %}
{%- if held_businesses() %}
do $held$
declare
    mart text;
    names text;
begin
    for mart, names in
        select
            new.relname,
            string_agg(quote_ident(columns.attname), ', ' order by columns.attnum)
        from pg_catalog.pg_class as new
        inner join pg_catalog.pg_class as old
            on old.relname = new.relname and old.relnamespace = to_regnamespace('marts')
        inner join pg_catalog.pg_attribute as columns
            on columns.attrelid = new.oid and columns.attnum > 0 and not columns.attisdropped
        where new.relnamespace = 'marts_next'::regnamespace and new.relkind = 'r'
        group by new.oid, new.relname, old.oid
        having
            bool_or(columns.attname = 'business_id')
            and array_agg((columns.attname, columns.atttypid)::text order by columns.attname) = (
                select array_agg((earlier.attname, earlier.atttypid)::text order by earlier.attname)
                from pg_catalog.pg_attribute as earlier
                where earlier.attrelid = old.oid and earlier.attnum > 0 and not earlier.attisdropped
            )
    loop
        execute format(
            'insert into marts_next.%1$I (%2$s) select %2$s from marts.%1$I where business_id in ({{ held_businesses() | join(", ") }})',
            mart, names
        );
    end loop;
end
$held$;
{%- endif %}
{% endmacro %}

{#
  A tenant is a role, and freshbooks_access.tenants says which businesses it may see: of every mart that has businesses
  these rows alone, and of that table its own. Whoever owns the marts, or has BYPASSRLS, sees all.
#}
{% macro row_level_security() %}
do $tenants$
declare
    mart text;
begin
    create schema if not exists freshbooks_access;
    create table if not exists freshbooks_access.tenants (
        role_name name not null,
        business_id bigint not null,
        primary key (role_name, business_id)
    );
    alter table freshbooks_access.tenants enable row level security;
    if not exists (select 1 from pg_catalog.pg_policy where polrelid = 'freshbooks_access.tenants'::regclass) then
        create policy own_businesses on freshbooks_access.tenants for select using (role_name = current_user);
        grant usage on schema freshbooks_access to public;
        grant select on freshbooks_access.tenants to public;
    end if;
    for mart in
        select tables.relname
        from pg_catalog.pg_class as tables
        inner join pg_catalog.pg_attribute as columns
            on columns.attrelid = tables.oid and columns.attname = 'business_id' and not columns.attisdropped
        where tables.relnamespace = 'marts_next'::regnamespace and tables.relkind = 'r'
    loop
        execute format('alter table marts_next.%I enable row level security', mart);
        execute format(
            'create policy tenants on marts_next.%I for select using (business_id in ('
            'select tenants.business_id from freshbooks_access.tenants as tenants where tenants.role_name = current_user))',
            mart
        );
    end loop;
end
$tenants$;
{% endmacro %}
