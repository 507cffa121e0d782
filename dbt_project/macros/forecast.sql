{# Days of the past that a forecast learns from, and over which it spreads what has no day of its own: 13 weeks. #}
{% macro forecast_days() -%}
    {{ return(91) }}
{%- endmacro %}

{#
  A select of the weeks of a forecast: week_number (1 to 13), week_start_date (a Monday), and day_count, how many days of
  the week are after the as-of day. The first is the week of the next day, so it may have fewer than seven. as_of_date:
  the as-of day of the businesses that a row is for.
#}
{% macro forecast_weeks() %}
{%- for day in as_of_days() %}
    {%- set as_of = modules.datetime.date.fromisoformat(day) if execute else run_started_at.date() -%}
    {%- set first_day = as_of + modules.datetime.timedelta(days=1) -%}
    {%- set monday = first_day - modules.datetime.timedelta(days=first_day.weekday()) -%}
    {%- set is_first_day = loop.first -%}
    {%- for number in range(forecast_days() // 7) %}
{{ 'union all' if not (loop.first and is_first_day) }}
select
    cast('{{ day }}' as date) as as_of_date,
    {{ number + 1 }} as week_number,
    cast('{{ monday + modules.datetime.timedelta(days=7 * number) }}' as date) as week_start_date,
    {{ 7 - first_day.weekday() if loop.first else 7 }} as day_count
    {%- endfor %}
{%- endfor %}
{% endmacro %}

{# The day a forecast learns from: 13 weeks before the as-of day. #}
{% macro forecast_learning_day() -%}
    {{ as_of_date(days=-forecast_days()) }}
{%- endmacro %}
