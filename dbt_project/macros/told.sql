{#
  A text that a build is told by a variable, or by an environment variable, null when it is not. What is another at
  each build comes by the environment: another `--vars` makes dbt parse the whole project again. The environment is
  not read while parsing, for dbt would parse the model again.
#}
{% macro constant_or_null(variable, environment=none) -%}
    {%- set value = var(variable, none) -%}
    {%- if value is none and environment and execute -%} {%- set value = env_var(environment, '') or none -%} {%- endif -%}
    cast({{ "null" if value is none else "'" ~ value ~ "'" }} as {{ dbt.type_string() }})
{%- endmacro %}
