{# A build's value (macros/build_value.sql) as a SQL string, a literal or a function's, or null. #}
{% macro constant_or_null(variable) -%}
    {%- set value = build_value(variable) -%}
    cast({{ build_function(variable) or ("null" if value is none else "'" ~ value ~ "'") }} as {{ dbt.type_string() }})
{%- endmacro %}
