with

invoices as (
    select * from {{ ref('int_invoices') }}
),

bills as (
    select * from {{ ref('int_bills') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

balances as (
    select * from {{ ref('outstanding_balances') }}
),

receivables as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        sum(outstanding_amount) as outstanding_amount
    from invoices
    where is_receivable and not is_dated_later
    group by account_id, business_id, client_id, currency_code
)

select
    account_id,
    business_id,
    'invoice amount is lines less discount plus tax' as check_name,
    currency_code,
    'invoice ' || {{ as_text('invoice_id') }} as row_name,
    computed_amount as our_amount,
    amount as freshbooks_amount,
    -- FreshBooks' rounding of taxes, per line or per invoice, is not documented.
    cast({{ tolerated_difference() }} * taxed_line_count as {{ money_type() }}) as tolerance_amount
from invoices
where not is_deleted
union all
select
    account_id,
    business_id,
    'invoice paid is payments plus credits applied' as check_name,
    currency_code,
    'invoice ' || {{ as_text('invoice_id') }} as row_name,
    computed_paid_amount as our_amount,
    freshbooks_paid_amount as freshbooks_amount,
    0 as tolerance_amount
from invoices
where not is_deleted and computed_paid_amount is not null and has_all_payments
union all
select
    account_id,
    business_id,
    'invoice outstanding is amount less paid' as check_name,
    currency_code,
    'invoice ' || {{ as_text('invoice_id') }} as row_name,
    cast(amount - freshbooks_paid_amount as {{ money_type() }}) as our_amount,
    freshbooks_outstanding_amount as freshbooks_amount,
    0 as tolerance_amount
from invoices
where not is_deleted
union all
select
    account_id,
    business_id,
    'bill outstanding is total less paid' as check_name,
    currency_code,
    'bill ' || {{ as_text('bill_id') }} as row_name,
    cast(total_amount - freshbooks_paid_amount as {{ money_type() }}) as our_amount,
    freshbooks_outstanding_amount as freshbooks_amount,
    0 as tolerance_amount
from bills
where not is_deleted
union all
select
    account_id,
    business_id,
    'bill paid is its payments' as check_name,
    currency_code,
    'bill ' || {{ as_text('bill_id') }} as row_name,
    computed_paid_amount as our_amount,
    freshbooks_paid_amount as freshbooks_amount,
    0 as tolerance_amount
from bills
where not is_deleted and computed_paid_amount is not null
union all
select
    account_id,
    business_id,
    'bill total is amount plus tax' as check_name,
    currency_code,
    'bill ' || {{ as_text('bill_id') }} as row_name,
    cast(amount_without_tax + tax_amount as {{ money_type() }}) as our_amount,
    total_amount as freshbooks_amount,
    0 as tolerance_amount
from bills
where not is_deleted
union all
select
    account_id,
    business_id,
    'payment is in the currency of its invoice' as check_name,
    currency_code,
    'payment ' || {{ as_text('payment_id') }} as row_name,
    amount as our_amount,
    case when is_in_invoice_currency then amount end as freshbooks_amount,
    0 as tolerance_amount
from payments
where is_counted and invoice_id is not null
union all
select
    balances.account_id,
    balances.business_id,
    'client balance is its invoices' as check_name,
    balances.currency_code,
    'client ' || {{ as_text('balances.client_id') }} as row_name,
    cast(balances.outstanding_amount - balances.overpaid_amount as {{ money_type() }}) as our_amount,
    cast(coalesce(receivables.outstanding_amount, 0) as {{ money_type() }}) as freshbooks_amount,
    0 as tolerance_amount
from balances
left join receivables
    on
        balances.account_id = receivables.account_id
        and balances.business_id = receivables.business_id
        and balances.client_id = receivables.client_id
        and balances.currency_code = receivables.currency_code
