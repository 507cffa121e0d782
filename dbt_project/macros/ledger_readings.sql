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

{#
  When all postings of a business were last read: business_id, read_at. Postings have no stamp of a change, and those of
  older months are read weekly (docs/BEHAVIOR.md).
#}
{% macro whole_readings() %}
select
    business_id,
    max(whole_read_at) as read_at
from {{ ref('stg_freshbooks__stream_availability') }}
where rejected_values is null and stream_name = 'journal_entry_details'
group by business_id
{% endmacro %}

{#
  Up to when the postings behind a report are known: to the reading of their month, `read_at`, or to that of all,
  whichever is later. A document's change is in both the report and the postings, or in neither: so what counts is the
  earlier of both reads. `reports` are joined from the left with whole_readings.
#}
{% macro known_up_to(reports, read_at) -%}
    least(
        {{ reports }}.observed_at,
        greatest(
            coalesce({{ read_at }}, whole_readings.read_at, {{ reports }}.observed_at),
            coalesce(whole_readings.read_at, {{ read_at }}, {{ reports }}.observed_at)
        )
    )
{%- endmacro %}
