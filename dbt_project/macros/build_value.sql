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
