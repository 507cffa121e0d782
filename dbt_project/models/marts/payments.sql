with

payments as (
    select * from {{ by_invoice(ref('int_payments')) }}
),

invoices as (
    select * from {{ by_invoice(ref('int_invoices')) }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['invoices', 'clients', 'credit_notes']) }}
)

select
    payments.account_id,
    payments.business_id,
    businesses.business_name,
    payments.payment_id,
    payments.payment_date,
    payments.client_id,
    coalesce(clients.client_name, invoices.client_name_on_invoice) as client_name,
    payments.invoice_id,
    invoices.invoice_number,
    payments.credit_id,
    credit_notes.credit_number,
    payments.overpayment_credit_id,
    overpayment_credits.credit_number as overpayment_credit_number,
    payments.payment_type,
    payments.gateway,
    payments.note,
    payments.currency_code,
    payments.amount as payment_amount,
    payments.is_cash,
    payments.is_from_credit,
    payments.is_invoice_deleted,
    payments.is_counted,
    {{ reporting_columns('payments', 'payment_date', {'payment': 'payments.amount'}) }},
    payments.updated_at,
    {{ gap_reason({
        'invoices': 'payments.invoice_id is not null',
        'clients': 'true',
        'credit_notes': 'payments.credit_id is not null or payments.overpayment_credit_id is not null',
    }) }} as gap_reason
from payments
left join invoices
    on
        payments.account_id = invoices.account_id
        and payments.business_id = invoices.business_id
        and payments.invoice_id = invoices.invoice_id
left join clients
    on
        payments.account_id = clients.account_id
        and payments.business_id = clients.business_id
        and payments.client_id = clients.client_id
left join credit_notes
    on
        payments.account_id = credit_notes.account_id
        and payments.business_id = credit_notes.business_id
        and payments.credit_id = credit_notes.credit_id
left join credit_notes as overpayment_credits
    on
        payments.account_id = overpayment_credits.account_id
        and payments.business_id = overpayment_credits.business_id
        and payments.overpayment_credit_id = overpayment_credits.credit_id
left join businesses
    on payments.business_id = businesses.business_id
left join availability
    on payments.business_id = availability.business_id
{{ join_exchange_rates('payments', 'payment_date') }}
where not payments.is_deleted
