{# The business day that the build is made for, as a date. No model reads a clock. #}
{% macro as_of_date() -%}
    {%- set value = build_value('as_of_date') | string -%}
    {%- if execute and not modules.re.match('^\\d{4}-\\d{2}-\\d{2}$', value) -%}
        {{ exceptions.raise_compiler_error(
            "The variable as_of_date is missing or not a date (got '" ~ value ~ "'). Marts are built for one "
            ~ "business day: pass it, for example --vars '{as_of_date: 2026-06-30}'."
        ) }}
    {%- endif -%}
    cast('{{ value }}' as date)
{%- endmacro %}
