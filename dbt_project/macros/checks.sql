{#
  Reports of FreshBooks that may be compared: all `streams` that they show are available in the business, and they were
  read after the last change. `changes` are CTEs with account_id, business_id and updated_at. `basis`: of these alone.
#}
{% macro current_reports(reports, changes, streams, basis=none) %}
select {{ reports }}.*
from {{ reports }}
left join (
    select
        account_id,
        business_id,
        max(updated_at) as changed_at
    from (
        {%- for relation in changes %}
        {{ 'union all' if not loop.first }}
        select
            account_id,
            business_id,
            updated_at
        from {{ relation }}
        {%- endfor %}
    ) as changes
    group by account_id, business_id
) as last_changes
    on
        {{ reports }}.account_id = last_changes.account_id
        and {{ reports }}.business_id = last_changes.business_id
inner join ({{ availability(streams) }}) as availability
    on {{ reports }}.business_id = availability.business_id
where
    (last_changes.changed_at is null or last_changes.changed_at <= {{ reports }}.observed_at)
    and {{ are_available(streams) }}
    {%- if basis %}
    and {{ reports }}.basis = '{{ basis }}'
    {%- endif %}
{% endmacro %}

{#
  Reports that may be compared (current_reports), of one that is read on both bases. That of the cash basis shows
  payments too: changes of `payments`, a CTE, and both streams of them.
#}
{% macro current_reports_of_both_bases(reports, changes, payments, streams) %}
{{ current_reports(reports, changes, streams, 'accrual') }}
union all
{{ current_reports(reports, changes + [payments], streams + ['payments', 'bill_payments'], 'cash') }}
{% endmacro %}

{# A join condition: an event of the currency and period that a report shows. #}
{% macro is_in_report(events, day, reports='current_reports') -%}
    {{ events }}.account_id = {{ reports }}.account_id
    and {{ events }}.business_id = {{ reports }}.business_id
    and {{ events }}.currency_code = {{ reports }}.currency_code
    and {{ events }}.{{ day }} >= {{ reports }}.start_date
    and {{ events }}.{{ day }} <= {{ reports }}.end_date
{%- endmacro %}

{#
  The end of a model of checks: both sides of each compared row, added up. `sides` has account_id, business_id,
  check_name, currency_code, start_date, end_date, row_name, our_amount, freshbooks_amount.
#}
{% macro compared_rows(sides) %}
select
    account_id,
    business_id,
    check_name,
    currency_code,
    start_date,
    end_date,
    coalesce(row_name, 'a row without an id') as row_name,
    sum(our_amount) as our_amount,
    sum(freshbooks_amount) as freshbooks_amount
from {{ sides }}
group by
    account_id, business_id, check_name, currency_code, start_date, end_date,
    coalesce(row_name, 'a row without an id')
{% endmacro %}
