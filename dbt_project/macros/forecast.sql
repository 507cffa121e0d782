{# Days of the past that a forecast learns from, and over which it spreads what has no day of its own: 13 weeks. #}
{% macro forecast_days() -%}
    {{ return(91) }}
{%- endmacro %}

{#
  A select of the weeks of a forecast: week_number (1 to 13), week_start_date (a Monday), and day_count, how many days of
  the week are after the as-of day. The first is the week of the next day, so it may have fewer than seven.
#}
{% macro forecast_weeks() %}
{%- if execute %}
    {%- set first_day = modules.datetime.date.fromisoformat(as_of_day()) + modules.datetime.timedelta(days=1) -%}
    {%- set monday = first_day - modules.datetime.timedelta(days=first_day.weekday()) -%}
    {%- for number in range(forecast_days() // 7) %}
{{ 'union all' if not loop.first }}
select
    {{ number + 1 }} as week_number,
    cast('{{ monday + modules.datetime.timedelta(days=7 * number) }}' as date) as week_start_date,
    {{ 7 - first_day.weekday() if loop.first else 7 }} as day_count
    {%- endfor %}
{%- else %}
select
    1 as week_number,
    {{ as_of_date() }} as week_start_date,
    7 as day_count
{%- endif %}
{% endmacro %}

{# The day a forecast learns from: 13 weeks before the as-of day. #}
{% macro forecast_learning_day() -%}
    {%- if execute -%}
    cast('{{ modules.datetime.date.fromisoformat(as_of_day()) - modules.datetime.timedelta(days=forecast_days()) }}' as date)
    {%- else -%}
    {{ as_of_date() }}
    {%- endif -%}
{%- endmacro %}
