{#
  Documents, or parts of them, on both bases. On the accrual basis each counts on its own day; on the cash basis as it is
  paid, by int_cash_shares, but for what is paid when it is written. A goodwill credit is no cash. Arguments: CTEs with
  account_id, business_id, document_type and document_id, and names of columns: those to keep, amounts, and the day.
#}
{% macro on_both_bases(documents, shares, columns, amounts, day) %}
{%- set kept = ['account_id', 'business_id', 'document_type', 'document_id'] + columns %}
select
    {{ kept | join(',\n    ') }},
    bases.basis,
    cast(null as bigint) as payment_id,
    {{ day }} as event_date,
    {{ amounts | join(',\n    ') }}
from {{ documents }}
inner join (
    select 'accrual' as basis
    union all
    select 'cash' as basis
) as bases
    on bases.basis = 'accrual' or document_type in ('expense', 'other income')
union all
select
    {%- for column in kept %}
    {{ documents }}.{{ column }},
    {%- endfor %}
    'cash' as basis,
    {{ shares }}.payment_id,
    {{ shares }}.event_date
    {%- for amount in amounts %},
    {{ paid_portion(documents ~ '.' ~ amount, shares) }} as {{ amount }}
    {%- endfor %}
from {{ documents }}
inner join {{ shares }}
    on
        {{ documents }}.account_id = {{ shares }}.account_id
        and {{ documents }}.business_id = {{ shares }}.business_id
        and {{ documents }}.document_type = {{ shares }}.document_type
        and {{ documents }}.document_id = {{ shares }}.document_id
{% endmacro %}

{#
  The part of `amount` that falls on one payment of its document, `shares` being a row of int_cash_shares: what is
  covered after it less what was before, each rounded, so that the parts of a paid document add up to it.
#}
{% macro paid_portion(amount, shares) -%}
    {%- set size = 'abs(cast(' ~ amount ~ ' as ' ~ money_type() ~ ')) * ' ~ shares -%}
    cast(case when {{ amount }} < 0 then -1 else 1 end * (
        {{ money_quotient(size ~ '.paid_after_amount', shares ~ '.total_amount', shares ~ '.currency_code') }}
        - {{ money_quotient(size ~ '.paid_before_amount', shares ~ '.total_amount', shares ~ '.currency_code') }}
    ) as {{ money_type() }})
{%- endmacro %}

{# The basis of a report that is read on two, accrual or cash; rows from before that say it in `cash_based` alone. #}
{% macro report_basis() -%}
    coalesce(basis, case when cash_based then 'cash' else 'accrual' end)
{%- endmacro %}

{# The end of a check's name. #}
{% macro basis_suffix(basis) -%}
    case when {{ basis }} = 'cash' then ', cash basis' else '' end
{%- endmacro %}
