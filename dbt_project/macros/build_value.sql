{#
  What a build is told by a dbt var, else by the environment: FRESHBOOKS_DBT_AS_OF_DATE is the var as_of_date, as JSON;
  else none. Another `--vars` makes dbt parse the whole project again, which costs as much as a build. The environment
  is not read while parsing, or dbt would parse the models that use it again.
#}
{% macro build_value(variable) -%}
    {%- set value = var(variable, none) -%}
    {%- if value is none and execute -%}
        {%- set name = 'FRESHBOOKS_DBT_' ~ variable | replace('freshbooks_', '') | upper -%}
        {%- set value = fromjson(env_var(name, 'null')) -%}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}

{#
  The call of a SQL function that tells a value of the build, where the loader made such functions: it names their schema
  in FRESHBOOKS_DBT_FUNCTIONS, as JSON. Then the SQL is the same on each day, for each start date, choice of streams and
  state of the raw tables, so that the hub can run it again without dbt (freshbooks_hub/sync/replay.py). Else none.
#}
{% macro build_function(variable) -%}
    {%- set schema = build_value('freshbooks_functions') -%}
    {{ return(schema ~ '.' ~ variable ~ '()' if schema else none) }}
{%- endmacro %}
