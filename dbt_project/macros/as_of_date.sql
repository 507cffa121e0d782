{#
  The business day that the build is made for, as text: as_of_date (macros/build_value.sql), else the day on which the
  run started, in UTC. No model reads a clock of its own.
#}
{% macro as_of_day() -%}
    {%- set value = (build_value('as_of_date') or run_started_at.strftime('%Y-%m-%d')) | string -%}
    {%- if execute and not modules.re.match('^\\d{4}-\\d{2}-\\d{2}$', value) -%}
        {{ exceptions.raise_compiler_error(
            "The variable as_of_date is not a date (got '" ~ value ~ "'). Marts are built for one business day: pass "
            ~ "it, for example --vars '{as_of_date: 2026-06-30}'."
        ) }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}

{# The same, as a date in SQL. #}
{% macro as_of_date() -%}
    cast('{{ as_of_day() }}' as date)
{%- endmacro %}
