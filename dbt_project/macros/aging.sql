{# The bucket of an age in days past due: 0 and less is current, and so is what has no due date. #}
{% macro aging_bucket(days) -%}
    case
        when coalesce({{ days }}, 0) <= 0 then 'current'
        when {{ days }} <= 30 then '1-30'
        when {{ days }} <= 60 then '31-60'
        when {{ days }} <= 90 then '61-90'
        else '91+'
    end
{%- endmacro %}

{#
  A select of the days that balances are shown for: as_of_date and the month ends before it. latest_date: the as-of day
  of the businesses that a row is for.
#}
{% macro balance_days() %}
{%- for latest in as_of_dates() %}
{{ 'union all' if not loop.first }}
select
    {{ latest }} as latest_date,
    {{ latest }} as as_of_date,
    true as is_latest
{%- for months in range(var('freshbooks_history_months')) %}
union all
select
    {{ latest }} as latest_date,
    {{ day_after(months_after(month_start(latest), -months), -1) }} as as_of_date,
    false as is_latest
{%- endfor %}
{%- endfor %}
{% endmacro %}

{#
  A select of what was open on each of the `days`, from dated payments: FreshBooks' balance of the last sync, and on top
  of it what was paid after that day (macros/as_of_date.sql has the rule). Payments older than the connection's start are
  in that balance, so they need no row of their own. Where payments are not available, the latest day stands alone, with
  FreshBooks' balance: no past day is known.

  `documents` has account_id, business_id, document_id, issue_date, due_date, currency_code, total_amount,
  outstanding_amount, has_payments (whether payments are available) and only what counts; `payments` has account_id,
  business_id, document_id, currency_code, payment_date, amount.
#}
{% macro open_balances(documents, payments, days) %}
select
    dated.account_id,
    dated.business_id,
    dated.document_id,
    dated.as_of_date,
    dated.is_latest,
    cast(dated.outstanding_amount + dated.paid_later_amount as {{ money_type() }}) as outstanding_amount,
    case when dated.has_payments then cast(dated.paid_later_amount as {{ money_type() }}) end as paid_later_amount,
    {{ days_between('dated.due_date', 'dated.as_of_date') }} as days_past_due
from (
    select
        documents.account_id,
        documents.business_id,
        documents.document_id,
        documents.due_date,
        documents.outstanding_amount,
        documents.has_payments,
        days.as_of_date,
        days.is_latest,
        {{ paid_later('sum(payments.amount)', 'documents.total_amount', 'documents.outstanding_amount') }}
            as paid_later_amount
    from {{ documents }} as documents
    left join (
        select
            account_id,
            business_id,
            document_id,
            max(payment_date) as last_payment_date
        from {{ payments }}
        group by account_id, business_id, document_id
    ) as last_payments
        on
            documents.account_id = last_payments.account_id
            and documents.business_id = last_payments.business_id
            and documents.document_id = last_payments.document_id
    inner join {{ days }} as days
        on
            days.latest_date = {{ as_of_date('documents.business_id') }}
            and documents.issue_date <= days.as_of_date
            and (documents.has_payments or days.is_latest)
            and (documents.outstanding_amount > 0 or last_payments.last_payment_date > days.as_of_date)
    left join {{ payments }} as payments
        on
            documents.account_id = payments.account_id
            and documents.business_id = payments.business_id
            and documents.document_id = payments.document_id
            and documents.currency_code = payments.currency_code
            and days.as_of_date < payments.payment_date
    group by
        documents.account_id,
        documents.business_id,
        documents.document_id,
        documents.due_date,
        documents.total_amount,
        documents.outstanding_amount,
        documents.has_payments,
        days.as_of_date,
        days.is_latest
) as dated
where dated.outstanding_amount + dated.paid_later_amount > 0
{% endmacro %}
