with

invoices as (
    select * from {{ by_invoice(ref('int_invoices')) }}
),

payments as (
    select * from {{ by_invoice(ref('int_payments')) }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['payments', 'clients']) }}
),

days as (
    {{ balance_days() }}
),

documents as (
    select
        invoices.account_id,
        invoices.business_id,
        invoices.invoice_id as document_id,
        invoices.create_date as issue_date,
        invoices.due_date,
        invoices.currency_code,
        invoices.amount as total_amount,
        invoices.freshbooks_outstanding_amount as outstanding_amount,
        {{ are_available(['payments']) }} as has_payments
    from invoices
    left join availability
        on invoices.business_id = availability.business_id
    where invoices.is_receivable
),

document_payments as (
    select
        account_id,
        business_id,
        invoice_id as document_id,
        currency_code,
        payment_date,
        applied_amount as amount
    from payments
    where is_counted and invoice_id is not null
),

balances as (
    {{ open_balances('documents', 'document_payments', 'days') }}
)

select
    balances.account_id,
    balances.business_id,
    businesses.business_name,
    balances.as_of_date,
    balances.is_latest,
    balances.document_id as invoice_id,
    invoices.invoice_number,
    invoices.client_id,
    coalesce(clients.client_name, invoices.client_name_on_invoice) as client_name,
    invoices.create_date,
    invoices.due_date,
    invoices.currency_code,
    invoices.amount as total_amount,
    balances.paid_later_amount,
    balances.outstanding_amount,
    cast(case when balances.days_past_due > 0 then balances.days_past_due else 0 end as bigint) as days_overdue,
    {{ aging_bucket('balances.days_past_due') }} as aging_bucket,
    {{ gap_reason({'payments': 'true', 'clients': 'true'}) }} as gap_reason
from balances
inner join invoices
    on
        balances.account_id = invoices.account_id
        and balances.business_id = invoices.business_id
        and balances.document_id = invoices.invoice_id
left join clients
    on
        invoices.account_id = clients.account_id
        and invoices.business_id = clients.business_id
        and invoices.client_id = clients.client_id
left join businesses
    on balances.business_id = businesses.business_id
left join availability
    on balances.business_id = availability.business_id
