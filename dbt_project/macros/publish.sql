{#
  Publishing, with the variable freshbooks_publish. On PostgreSQL marts are built and tested in schema `marts_next`, which
  takes the place of `marts` in one transaction at the end of a run in which every model and every data test of this
  project passed. Otherwise the earlier marts stay as they were. DuckDB's marts are a file that the hub renames; other
  warehouses write in place. Models of another project cannot refer to marts that are published by a rename.
#}
{% macro publish(results) -%}
    {%- if execute and target.type == 'postgres' and var('freshbooks_publish') -%}
        {%- set passed = [] -%}
        {%- for result in results if result.status in ('success', 'pass', 'warn') -%}
            {%- do passed.append(result.node.unique_id) -%}
        {%- endfor -%}
        {%- set missing, marts = [], [] -%}
        {%- for node in graph.nodes.values()
            if node.package_name == 'freshbooks' and node.resource_type in ('model', 'test') -%}
            {%- if node.unique_id not in passed -%} {%- do missing.append(node.name) -%} {%- endif -%}
            {%- if node.schema == 'marts_next' -%} {%- do marts.append(node.name) -%} {%- endif -%}
        {%- endfor -%}
        {%- if missing -%}
            {{ log('Marts not published: ' ~ missing | length ~ ' models and tests did not pass in this run, such as '
                ~ missing[0] ~ '. The earlier marts are unchanged.', info=true) }}
        {%- elif marts -%}
            {{ keep_held_businesses() }}
            {{ row_level_security() if var('freshbooks_row_level_security') }}
            {{ swap_marts() }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
  Privileges on the schema, its tables and columns, and those promised for tables to come, go over to the new marts.
  The tables are locked for the moment of the swap: without that a statement could find its first table old and its
  second new. A reader that holds on is waited for, a second at a time; others go on between the tries.
#}
{% macro swap_marts() %}
do $swap$
declare
    sentence text;
    readers text;
    tries integer := 0;
begin
    set local search_path to '';
    if pg_catalog.to_regnamespace('marts') is not null then
        select string_agg(distinct views.oid::regclass::text, ', ')
        into readers
        from pg_catalog.pg_class as tables
        inner join pg_catalog.pg_depend as uses
            on uses.refobjid = tables.oid and uses.classid = 'pg_catalog.pg_rewrite'::regclass
        inner join pg_catalog.pg_rewrite as rules on rules.oid = uses.objid
        inner join pg_catalog.pg_class as views on views.oid = rules.ev_class
        where
            tables.relnamespace = 'marts'::regnamespace
            and views.relnamespace <> tables.relnamespace;
        if readers is not null then
            raise exception using message =
                'Views outside of the marts would go on reading the old tables: ' || readers
                || '. Drop them before a build and create them again after it, or make them models.';
        end if;

        for sentence in
            with granted as (
                select
                    'schema marts_next' as target,
                    '' as columns,
                    namespaces.nspacl as privileges
                from pg_catalog.pg_namespace as namespaces
                where namespaces.nspname = 'marts'
                union all
                select
                    'marts_next.' || quote_ident(new.relname),
                    '',
                    case when old.oid is null then promised.defaclacl else old.relacl end
                from pg_catalog.pg_class as new
                left join pg_catalog.pg_class as old
                    on old.relname = new.relname and old.relnamespace = 'marts'::regnamespace
                left join pg_catalog.pg_default_acl as promised
                    on
                        promised.defaclnamespace = 'marts'::regnamespace
                        and promised.defaclobjtype = 'r'
                        and promised.defaclrole = new.relowner
                where new.relnamespace = 'marts_next'::regnamespace and new.relkind = 'r'
                union all
                select
                    'marts_next.' || quote_ident(new.relname),
                    ' (' || quote_ident(old_columns.attname) || ')',
                    old_columns.attacl
                from pg_catalog.pg_class as new
                inner join pg_catalog.pg_class as old
                    on old.relname = new.relname and old.relnamespace = 'marts'::regnamespace
                inner join pg_catalog.pg_attribute as old_columns on old_columns.attrelid = old.oid
                inner join pg_catalog.pg_attribute as new_columns
                    on new_columns.attrelid = new.oid and new_columns.attname = old_columns.attname
                where new.relnamespace = 'marts_next'::regnamespace and new.relkind = 'r'
                union all
                select
                    'tables',
                    quote_ident(pg_get_userbyid(promised.defaclrole)),
                    promised.defaclacl
                from pg_catalog.pg_default_acl as promised
                where promised.defaclnamespace = 'marts'::regnamespace and promised.defaclobjtype = 'r'
            )

            select
                case when granted.target = 'tables'
                    then 'alter default privileges for role ' || granted.columns || ' in schema marts_next grant '
                        || privilege.privilege_type
                    else 'grant ' || privilege.privilege_type || granted.columns
                end
                || ' on ' || granted.target || ' to '
                || case when privilege.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(privilege.grantee)) end
                || case when privilege.is_grantable then ' with grant option' else '' end
            from granted
            cross join lateral aclexplode(granted.privileges) as privilege
            where privilege.grantee <> privilege.grantor
        loop
            execute sentence;
        end loop;

        loop
            begin
                set local lock_timeout to '1s';
                for sentence in
                    select format('lock table marts.%I in access exclusive mode', tables.relname)
                    from pg_catalog.pg_class as tables
                    where tables.relnamespace = 'marts'::regnamespace and tables.relkind = 'r'
                    order by tables.relname
                loop
                    execute sentence;
                end loop;
                exit;
            exception when lock_not_available then
                tries := tries + 1;
                if tries >= 60 then
                    raise exception using message =
                        'The marts were being read for more than a minute, so the new ones wait in marts_next. '
                        'Find what keeps them open in pg_stat_activity, and build again.';
                end if;
                perform pg_sleep(1);
            end;
        end loop;
        drop schema marts cascade;
    end if;
    alter schema marts_next rename to marts;
end
$swap$;
commit;
{% endmacro %}
