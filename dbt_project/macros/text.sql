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

{# Counts in words, such as `2 overdue, 1 not due`: `words` maps a column that counts to its words; none is left out. #}
{% macro counted_words(words) -%}
    substring(
        {% for column, text in words.items() -%}
        {{ '|| ' if not loop.first }}case when {{ column }} > 0 then ', ' || {{ as_text(column) }} || ' {{ text }}' else '' end
        {% endfor -%}
        , 3)
{%- endmacro %}
