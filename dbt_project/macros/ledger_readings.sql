{# When the postings of each month were last read: business_id, posted_month, read_at. #}
{% macro month_readings(postings, read_at) %}
select
    business_id,
    {{ month_start('posting_date') }} as posted_month,
    max({{ read_at }}) as read_at
from {{ postings }}
group by business_id, {{ month_start('posting_date') }}
{% endmacro %}

{#
  For each end_date and observed_at of `reports`, when the postings that it shows were read: the month that was read last
  and the one that was read first. Those of the last two months are read at each sync. `readings`: see month_readings.
#}
{% macro readings_of_reports(reports, readings='readings') %}
select
    {{ reports }}.business_id,
    {{ reports }}.end_date,
    {{ reports }}.observed_at,
    max({{ readings }}.read_at) as newest_read_at,
    min({{ readings }}.read_at) as oldest_read_at
from {{ reports }}
inner join {{ readings }}
    on
        {{ reports }}.business_id = {{ readings }}.business_id
        and (
            {{ reports }}.end_date >= {{ readings }}.posted_month
            -- ends with the last month or later
            or {{ days_between(reports ~ '.end_date', month_start(reports ~ '.observed_at')) }} < 28
        )
group by {{ reports }}.business_id, {{ reports }}.end_date, {{ reports }}.observed_at
{% endmacro %}
