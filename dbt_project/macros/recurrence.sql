{#
  The day a number of a recurring invoice's periods after its `start`. FreshBooks writes a period as a number and a letter
  for days, weeks, months or years, the number left out for one (freshbooks-api.md 4.8): m, 2w, 3m, 1y. Null when the
  period cannot be read, or lies beyond 100 years (10 for days and weeks).
#}
{% macro recurrence_day(start, frequency, periods) -%}
    {%- set letter = 'lower(substring(' ~ frequency ~ ', length(' ~ frequency ~ '), 1))' -%}
    {%- set number = 'coalesce(' ~ try_decimal(
        'nullif(substring(' ~ frequency ~ ", 1, length(" ~ frequency ~ ") - 1), '')", 4, 0
    ) ~ ', case when length(' ~ frequency ~ ') = 1 then 1 end)' -%}
    case {{ letter }}
        when 'd' then {{ add_days(start, periods ~ ' * ' ~ number) }}
        when 'w' then {{ add_days(start, periods ~ ' * 7 * ' ~ number) }}
        when 'm' then {{ add_months(start, periods ~ ' * ' ~ number) }}
        when 'y' then {{ add_months(start, periods ~ ' * 12 * ' ~ number) }}
    end
{%- endmacro %}
