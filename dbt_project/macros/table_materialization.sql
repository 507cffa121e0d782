{#
  A table of the hub's on DuckDB: one statement makes it, in the transaction of the model. dbt-duckdb's own makes another
  table, renames two and drops one, and describes the query twice for the contract; around each statement dbt spends more
  than DuckDB on most of these models. So with freshbooks_publish alone; a developer's build goes dbt-duckdb's way, and
  is told where a model differs from its contract. Here columns take name, type and constraints of the contract as
  they are filled.
#}
{% materialization table, adapter='duckdb' -%}
    {%- if not var('freshbooks_publish') -%}
        {{ return(dbt_duckdb.materialization_table_duckdb()) }}
    {%- endif -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') %}
create or replace table {{ target_relation }}
    {%- if config.get('contract').enforced %}
{{ get_table_columns_and_constraints() }};
insert into {{ target_relation }} {{ get_column_names() }} (
{{ get_select_subquery(compiled_code) }}
);
    {%- else %}
as (
{{ compiled_code }}
);
    {%- endif %}
    {%- if config.persist_relation_docs() and model.description %}
{{ duckdb__alter_relation_comment(target_relation, model.description) }}
    {%- endif %}
    {%- if config.persist_column_docs() %}
    {%- for column in model.columns.values() if column.description %}
comment on column {{ target_relation }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
    {%- endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
