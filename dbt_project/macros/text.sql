{# Texts of a group joined with '; ', nulls left out. #}
{% macro concat_rows(measure, order) -%}
    {{ dbt.listagg(measure, "'; '", 'order by ' ~ order) }}
{%- endmacro %}
