{% set collected = ['payments', 'invoices'] %}
{% set money_in = collected + ['credit_notes', 'other_income'] %}
{% set paid_bills = ['bill_payments', 'bills'] %}
{% set money_out = ['expenses'] + paid_bills %}
with

revenue as (
    select * from {{ ref('revenue_monthly') }}
),

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
    where rejected_values is null
),

bill_payments as (
    select * from {{ ref('bill_payments') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

bill_pay as (
    select * from {{ ref('int_bill_pay') }}
),

availability as (
    {{ availability(money_in + money_out) }}
),

events as (
    select
        account_id,
        business_id,
        currency_code,
        month_start_date,
        accrued_amount,
        invoiced_amount,
        collected_amount,
        paid_in_credit_amount,
        other_income_amount,
        0 as expenses_amount,
        0 as bill_payments_amount,
        credit_applied_amount,
        collected_on_deleted_invoices_amount
    from revenue
    union all
    select
        account_id,
        business_id,
        currency_code,
        {{ month_start('expense_date') }} as month_start_date,
        0 as accrued_amount,
        0 as invoiced_amount,
        0 as collected_amount,
        0 as paid_in_credit_amount,
        0 as other_income_amount,
        total_amount as expenses_amount,
        0 as bill_payments_amount,
        0 as credit_applied_amount,
        0 as collected_on_deleted_invoices_amount
    from expenses
    where not is_deleted
    union all
    select
        account_id,
        business_id,
        currency_code,
        {{ month_start('payment_date') }} as month_start_date,
        0 as accrued_amount,
        0 as invoiced_amount,
        0 as collected_amount,
        0 as paid_in_credit_amount,
        0 as other_income_amount,
        0 as expenses_amount,
        payment_amount as bill_payments_amount,
        0 as credit_applied_amount,
        0 as collected_on_deleted_invoices_amount
    from bill_payments
    where not is_bill_deleted
),

monthly as (
    select
        account_id,
        business_id,
        currency_code,
        month_start_date,
        sum(accrued_amount) as accrued_amount,
        sum(invoiced_amount) as invoiced_amount,
        sum(collected_amount) as collected_amount,
        sum(paid_in_credit_amount) as paid_in_credit_amount,
        sum(other_income_amount) as other_income_amount,
        sum(expenses_amount) as expenses_amount,
        sum(bill_payments_amount) as bill_payments_amount,
        sum(credit_applied_amount) as credit_applied_amount,
        sum(collected_on_deleted_invoices_amount) as collected_on_deleted_invoices_amount
    from events
    group by account_id, business_id, currency_code, month_start_date
)

select
    monthly.account_id,
    monthly.business_id,
    businesses.business_name,
    monthly.month_start_date,
    monthly.currency_code,
    case when {{ are_available(['invoices']) }} then cast(monthly.accrued_amount as {{ money_type() }}) end
        as accrued_amount,
    case when {{ are_available(['invoices']) }} then cast(monthly.invoiced_amount as {{ money_type() }}) end
        as invoiced_amount,
    case when {{ are_available(collected) }} then cast(monthly.collected_amount as {{ money_type() }}) end
        as collected_amount,
    case when {{ are_available(['credit_notes']) }} then cast(monthly.paid_in_credit_amount as {{ money_type() }}) end
        as paid_in_credit_amount,
    case when {{ are_available(['other_income']) }} then cast(monthly.other_income_amount as {{ money_type() }}) end
        as other_income_amount,
    case
        when {{ are_available(money_in) }}
            then cast(
                monthly.collected_amount + monthly.paid_in_credit_amount + monthly.other_income_amount
                as {{ money_type() }}
            )
    end as money_in_amount,
    case when {{ are_available(['expenses']) }} then cast(monthly.expenses_amount as {{ money_type() }}) end
        as expenses_amount,
    case when {{ are_available(paid_bills) }} then cast(monthly.bill_payments_amount as {{ money_type() }}) end
        as bill_payments_amount,
    case
        when {{ are_available(money_out) }}
            then cast(monthly.expenses_amount + monthly.bill_payments_amount as {{ money_type() }})
    end as money_out_amount,
    case
        when {{ are_available(money_in + money_out) }}
            then cast(
                monthly.collected_amount + monthly.paid_in_credit_amount + monthly.other_income_amount
                - monthly.expenses_amount - monthly.bill_payments_amount as {{ money_type() }}
            )
    end as net_cash_amount,
    case when {{ are_available(collected) }} then cast(monthly.credit_applied_amount as {{ money_type() }}) end
        as credit_applied_amount,
    case
        when {{ are_available(collected) }}
            then cast(monthly.collected_on_deleted_invoices_amount as {{ money_type() }})
    end as collected_on_deleted_invoices_amount,
    coalesce(
        {{ gap_reason(dict.fromkeys(money_in + money_out, 'true')) }},
        case when bill_pay.business_id is not null then 'Not complete: payments of bills that are kept in Bill Pay.' end
    ) as gap_reason
from monthly
left join businesses
    on monthly.business_id = businesses.business_id
left join availability
    on monthly.business_id = availability.business_id
left join bill_pay
    on monthly.business_id = bill_pay.business_id
