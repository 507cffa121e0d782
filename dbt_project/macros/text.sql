{# Texts of a group joined with '; ', nulls left out. #}
{% macro concat_rows(measure, order) -%}
    {{ return(adapter.dispatch('concat_rows', 'freshbooks')(measure, order)) }}
{%- endmacro %}

{% macro default__concat_rows(measure, order) -%}
    {{ dbt.listagg(measure, "'; '", 'order by ' ~ order) }}
{%- endmacro %}

{# dbt's own for Spark leaves the order out. #}
{% macro spark__concat_rows(measure, order) -%}
    listagg({{ measure }}, '; ') within group (order by {{ order }})
{%- endmacro %}
