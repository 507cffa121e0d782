{#
  A SQL string literal from a dbt var, else an environment variable, else null. Values that change with every build must
  come from the environment: another `--vars` invalidates dbt's partial parse. The environment is not read while parsing,
  for dbt would then parse the model again whenever it changes.
#}
{% macro constant_or_null(variable, environment=none) -%}
    {%- set value = var(variable, none) -%}
    {%- if value is none and environment and execute -%} {%- set value = env_var(environment, '') or none -%} {%- endif -%}
    cast({{ "null" if value is none else "'" ~ value ~ "'" }} as {{ dbt.type_string() }})
{%- endmacro %}
