{# A text that a build is told by a variable, null when it is not. #}
{% macro constant_or_null(variable) -%}
    {%- set value = var(variable, none) -%}
    cast({{ "null" if value is none else "'" ~ value ~ "'" }} as {{ dbt.type_string() }})
{%- endmacro %}
