with

payments as (
    select * from {{ ref('stg_freshbooks__payments') }}
),

invoices as (
    select * from {{ ref('stg_freshbooks__invoices') }}
)

select
    payments.account_id,
    payments.business_id,
    payments.payment_id,
    payments.invoice_id,
    coalesce(payments.client_id, invoices.client_id) as client_id,
    payments.credit_id,
    payments.overpayment_credit_id,
    payments.payment_date,
    payments.currency_code,
    payments.amount,
    payments.payment_type,
    payments.gateway,
    payments.note,
    payments.is_from_credit,
    not payments.is_from_credit as is_cash,
    payments.is_deleted,
    -- A payment stays active when its invoice is deleted (freshbooks-api.md 3.5).
    coalesce(invoices.is_deleted, false) as is_invoice_deleted,
    not payments.is_deleted and not coalesce(invoices.is_deleted, false) as is_counted,
    invoices.invoice_id is null
    or coalesce(payments.currency_code = invoices.currency_code, false) as is_in_invoice_currency,
    payments.updated_at
from payments
left join invoices
    on
        payments.account_id = invoices.account_id
        and payments.business_id = invoices.business_id
        and payments.invoice_id = invoices.invoice_id
