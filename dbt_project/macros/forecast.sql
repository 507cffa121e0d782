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
{%- for day in as_of_dates() %}
    {%- set first_day = day_after(day, 1) -%}
    {%- set monday = week_start(first_day) -%}
    {%- set is_first_day = loop.first -%}
    {%- for number in range(forecast_days() // 7) %}
{{ 'union all' if not (loop.first and is_first_day) }}
select
    {{ day }} as as_of_date,
    {{ number + 1 }} as week_number,
    {{ day_after(monday, 7 * number) }} as week_start_date,
    cast({{ days_between(first_day, day_after(monday, 7)) if loop.first else 7 }} as integer) as day_count
    {%- endfor %}
{%- endfor %}
{% endmacro %}

{# The day a forecast learns from: 13 weeks before the as-of day. #}
{% macro forecast_learning_day() -%}
    {{ as_of_date(days=-forecast_days()) }}
{%- endmacro %}
