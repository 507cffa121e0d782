{# Days from one date to another; negative when `end_date` is earlier. #}
{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('days_between', 'freshbooks')(start_date, end_date)) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    {{ dbt.datediff(start_date, end_date, 'day') }}
{%- endmacro %}

{# dbt's own fails on a null date, and asks Databricks for its version. #}
{% macro spark__days_between(start_date, end_date) -%}
    datediff({{ end_date }}, {{ start_date }})
{%- endmacro %}

{# First day of the month of a date. #}
{% macro month_start(date_column) -%}
    cast({{ dbt.date_trunc('month', date_column) }} as date)
{%- endmacro %}

{# First day of the quarter of a date, by the calendar year. #}
{% macro quarter_start(date_column) -%}
    cast({{ dbt.date_trunc('quarter', date_column) }} as date)
{%- endmacro %}

{# First day of the year of a date. #}
{% macro year_start(date_column) -%}
    cast({{ dbt.date_trunc('year', date_column) }} as date)
{%- endmacro %}

{# The day that a text starts with (YYYY-MM-DD); null when there is no such day. #}
{% macro try_day(text) -%}
    {{ return(adapter.dispatch('try_day', 'freshbooks')('substring(' ~ text ~ ', 1, 10)')) }}
{%- endmacro %}

{% macro default__try_day(day) -%}
    try_cast({{ day }} as date)
{%- endmacro %}

{# Every cast to a date fails on June 31 here, so the day is held against the length of its month. #}
{% macro postgres__try_day(day) -%}
    case
        when {{ day }} !~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' then null
        when
            cast(right({{ day }}, 2) as integer)
            <= extract(day from cast(left({{ day }}, 7) || '-01' as date) + interval '1 month' - interval '1 day')
            then cast({{ day }} as date)
    end
{%- endmacro %}

{% macro snowflake__try_day(day) -%}
    try_to_date({{ day }}, 'YYYY-MM-DD')
{%- endmacro %}

{% macro bigquery__try_day(day) -%}
    safe_cast({{ day }} as date)
{%- endmacro %}

{# A day that books can have; null for one before 1900, such as 0001-01-01. #}
{% macro possible_day(day) -%}
    case when {{ day }} between cast('1900-01-01' as date) and cast('9999-12-31' as date) then {{ day }} end
{%- endmacro %}

{# The day a number of days later; null when that is no count of days to pay in. #}
{% macro add_days(day, days) -%}
    case when {{ days }} between 0 and 3660 then {{ day_after(day, days) }} end
{%- endmacro %}

{# The day a known number of days later. #}
{% macro day_after(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'freshbooks')(day, 'cast(' ~ days ~ ' as integer)')) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    ({{ day }} + {{ days }})
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, {{ days }})
{%- endmacro %}

{% macro snowflake__add_days(day, days) -%}
    dateadd(day, {{ days }}, {{ day }})
{%- endmacro %}

{% macro bigquery__add_days(day, days) -%}
    date_add({{ day }}, interval {{ days }} day)
{%- endmacro %}

{# The same day a number of months later, or the last of that month; null when that is further than 100 years. #}
{% macro add_months(day, months) -%}
    case when {{ months }} between 0 and 1200 then {{ months_after(day, months) }} end
{%- endmacro %}

{# The same day a known number of months later, or the last of that month. #}
{% macro months_after(day, months) -%}
    {{ return(adapter.dispatch('add_months', 'freshbooks')(day, 'cast(' ~ months ~ ' as integer)')) }}
{%- endmacro %}

{% macro default__add_months(day, months) -%}
    cast({{ day }} + {{ months }} * interval '1 month' as date)
{%- endmacro %}

{% macro spark__add_months(day, months) -%}
    add_months({{ day }}, {{ months }})
{%- endmacro %}

{% macro snowflake__add_months(day, months) -%}
    dateadd(month, {{ months }}, {{ day }})
{%- endmacro %}

{% macro bigquery__add_months(day, months) -%}
    date_add({{ day }}, interval {{ months }} month)
{%- endmacro %}

{# The Monday of the week of a date. #}
{% macro week_start(day) -%}
    {{ return(adapter.dispatch('week_start', 'freshbooks')(day)) }}
{%- endmacro %}

{% macro default__week_start(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{# Weeks of a session may start on another day there. #}
{% macro snowflake__week_start(day) -%}
    dateadd(day, 1 - dayofweekiso({{ day }}), {{ day }})
{%- endmacro %}

{% macro bigquery__week_start(day) -%}
    date_trunc({{ day }}, isoweek)
{%- endmacro %}

{#
  A condition: a day, as text, is later than the first day of the connection (freshbooks_start_date), from which on
  everything is read. All are where everything was read.
#}
{% macro is_after_start_date(day) -%}
    {%- set start_date = build_value('freshbooks_start_date') -%}
    {%- set told = build_function('freshbooks_start_date') -%}
    {%- if told -%} ({{ told }} is null or coalesce({{ day }} > {{ told }}, false))
    {%- elif start_date -%} coalesce({{ day }} > '{{ start_date[:10] }}', false)
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}
