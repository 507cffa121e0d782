{#
  What an accrual profit and loss counts, without tax and on the day of the document. Arguments are the names of CTEs.
#}

{# Credit notes with `amount_without_tax`: that of their lines; a note's own amount is with tax. #}
{% macro credit_notes_without_tax(credit_notes) %}
select
    {{ credit_notes }}.*,
    coalesce(line_totals.amount_without_tax, {{ credit_notes }}.amount) as amount_without_tax
from {{ credit_notes }}
left join (
    select
        account_id,
        business_id,
        credit_id,
        sum({{ money(json_text('element', 'amount.amount')) }}) as amount_without_tax
    from ({{ json_elements(credit_notes, 'lines', ['account_id', 'business_id', 'credit_id', 'currency_code']) }}) as credit_lines
    group by account_id, business_id, credit_id
) as line_totals
    on
        {{ credit_notes }}.account_id = line_totals.account_id
        and {{ credit_notes }}.business_id = line_totals.business_id
        and {{ credit_notes }}.credit_id = line_totals.credit_id
{% endmacro %}

{# Other income with `amount_without_tax`: its amount holds its taxes, each a percentage of the rest. #}
{% macro other_income_without_tax(other_income) %}
select
    {{ other_income }}.*,
    {{ money_quotient(
        '100 * ' ~ other_income ~ '.amount', '100 + coalesce(tax_totals.tax_percent, 0)', other_income ~ '.currency_code'
    ) }} as amount_without_tax
from {{ other_income }}
left join (
    select
        account_id,
        business_id,
        income_id,
        sum(coalesce({{ bounded_decimal(json_text('element', 'amount'), 'percent') }}, 0)) as tax_percent
    from ({{ json_elements(other_income, 'taxes', ['account_id', 'business_id', 'income_id']) }}) as income_taxes
    group by account_id, business_id, income_id
) as tax_totals
    on
        {{ other_income }}.account_id = tax_totals.account_id
        and {{ other_income }}.business_id = tax_totals.business_id
        and {{ other_income }}.income_id = tax_totals.income_id
{% endmacro %}

{#
  Expenses and lines of bills that are not deleted: account_id, business_id, currency_code, document_type, document_id,
  document_date, amount_without_tax, and `is_cogs`: costs of goods sold, which FreshBooks takes from its income.
#}
{% macro costs_without_tax(expenses, bills, categories) %}
select
    costs.account_id,
    costs.business_id,
    costs.currency_code,
    costs.document_type,
    costs.document_id,
    costs.document_date,
    costs.amount_without_tax,
    coalesce({{ categories }}.is_cogs, false) as is_cogs
from (
    select
        account_id,
        business_id,
        currency_code,
        'expense' as document_type,
        expense_id as document_id,
        expense_date as document_date,
        category_id,
        total_amount - tax_amount as amount_without_tax
    from {{ expenses }}
    where not is_deleted
    union all
    select
        account_id,
        business_id,
        currency_code,
        'bill' as document_type,
        bill_id as document_id,
        issue_date as document_date,
        cast({{ try_decimal(json_text('element', 'categoryid'), 18, 0) }} as bigint) as category_id,
        {{ money(json_text('element', 'amount.amount')) }} as amount_without_tax
    from (
        {{ json_elements(
            bills, 'lines', ['account_id', 'business_id', 'bill_id', 'currency_code', 'issue_date', 'is_deleted']
        ) }}
    ) as bill_lines
    where not is_deleted
) as costs
left join {{ categories }}
    on
        costs.account_id = {{ categories }}.account_id
        and costs.business_id = {{ categories }}.business_id
        and costs.category_id = {{ categories }}.category_id
{% endmacro %}
