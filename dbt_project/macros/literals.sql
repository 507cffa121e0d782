{# A build's value (macros/build_value.sql) as a SQL string literal, or null. #}
{% macro constant_or_null(variable) -%}
    {%- set value = build_value(variable) -%}
    cast({{ "null" if value is none else "'" ~ value ~ "'" }} as {{ dbt.type_string() }})
{%- endmacro %}
