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
    cast(monthly.accrued_amount as {{ decimal(18, 2) }}) as accrued_amount,
    cast(monthly.invoiced_amount as {{ decimal(18, 2) }}) as invoiced_amount,
    cast(monthly.collected_amount as {{ decimal(18, 2) }}) as collected_amount,
    cast(monthly.paid_in_credit_amount as {{ decimal(18, 2) }}) as paid_in_credit_amount,
    cast(monthly.other_income_amount as {{ decimal(18, 2) }}) as other_income_amount,
    cast(monthly.collected_amount + monthly.paid_in_credit_amount + monthly.other_income_amount as {{ decimal(18, 2) }})
        as money_in_amount,
    cast(monthly.expenses_amount as {{ decimal(18, 2) }}) as expenses_amount,
    cast(monthly.bill_payments_amount as {{ decimal(18, 2) }}) as bill_payments_amount,
    cast(monthly.expenses_amount + monthly.bill_payments_amount as {{ decimal(18, 2) }}) as money_out_amount,
    cast(
        monthly.collected_amount + monthly.paid_in_credit_amount + monthly.other_income_amount
        - monthly.expenses_amount - monthly.bill_payments_amount as {{ decimal(18, 2) }}
    ) as net_cash_amount,
    cast(monthly.credit_applied_amount as {{ decimal(18, 2) }}) as credit_applied_amount,
    cast(monthly.collected_on_deleted_invoices_amount as {{ decimal(18, 2) }}) as collected_on_deleted_invoices_amount
from monthly
left join businesses
    on monthly.business_id = businesses.business_id
