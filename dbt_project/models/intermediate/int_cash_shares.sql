with

invoices as (
    select * from {{ by_invoice(ref('int_invoices')) }}
),

payments as (
    select * from {{ by_invoice(ref('int_payments')) }}
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

bills as (
    select * from {{ ref('stg_freshbooks__bills') }}
    where rejected_values is null
),

bill_payments as (
    select * from {{ ref('stg_freshbooks__bill_payments') }}
    where rejected_values is null
),

availability as (
    {{ availability(['invoices', 'payments', 'credit_notes', 'bills', 'bill_payments']) }}
),

-- What a goodwill credit pays was never money; a prepayment or an overpayment was, and counts when it is used.
paid as (
    select
        payments.account_id,
        payments.business_id,
        'invoice' as document_type,
        payments.invoice_id as document_id,
        payments.payment_id,
        payments.payment_date as event_date,
        payments.currency_code,
        payments.applied_amount as amount,
        invoices.amount as total_amount
    from payments
    inner join invoices
        on
            payments.account_id = invoices.account_id
            and payments.business_id = invoices.business_id
            and payments.invoice_id = invoices.invoice_id
    inner join availability
        on payments.business_id = availability.business_id
    left join credit_notes
        on
            payments.account_id = credit_notes.account_id
            and payments.business_id = credit_notes.business_id
            and payments.credit_id = credit_notes.credit_id
    where
        invoices.is_receivable
        and payments.is_counted
        and payments.is_in_invoice_currency
        and (payments.is_cash or {{ is_paid_in('credit_notes.credit_type') }})
        and {{ are_available(['invoices', 'payments', 'credit_notes']) }}
    union all
    select
        bill_payments.account_id,
        bill_payments.business_id,
        'bill' as document_type,
        bill_payments.bill_id as document_id,
        bill_payments.bill_payment_id as payment_id,
        bill_payments.payment_date as event_date,
        bill_payments.currency_code,
        bill_payments.amount,
        bills.total_amount
    from bill_payments
    inner join bills
        on
            bill_payments.account_id = bills.account_id
            and bill_payments.business_id = bills.business_id
            and bill_payments.bill_id = bills.bill_id
            and bill_payments.currency_code = bills.currency_code
    inner join availability
        on bill_payments.business_id = availability.business_id
    where
        not bill_payments.is_deleted
        and not bills.is_deleted
        and {{ are_available(['bills', 'bill_payments']) }}
),

running as (
    select
        *,
        cast(
            sum(amount) over (
                partition by account_id, business_id, document_type, document_id
                order by event_date asc, amount asc, payment_id asc
                rows between unbounded preceding and current row
            ) as {{ money_type() }}
        ) as paid_after_amount
    from paid
    where total_amount > 0
)

select
    account_id,
    business_id,
    document_type,
    document_id,
    payment_id,
    event_date,
    currency_code,
    amount,
    total_amount,
    cast(paid_after_amount - amount as {{ money_type() }}) as paid_before_amount,
    paid_after_amount
from running
