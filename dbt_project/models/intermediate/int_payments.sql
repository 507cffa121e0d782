with

payments as (
    select * from {{ by_invoice(ref('stg_freshbooks__payments')) }}
    where rejected_values is null
),

invoices as (
    select * from {{ by_invoice(ref('stg_freshbooks__invoices')) }}
    where rejected_values is null
),

availability as (
    {{ availability(['invoices']) }}
),

-- What was paid beyond an invoice is a credit note. Whether the payment carries it too is not known
-- (freshbooks-api.md 5): here it does not. An invoice is filled by the payments without a credit note first, then by
-- the others in the order of their days.
paid as (
    select
        payments.account_id,
        payments.business_id,
        payments.payment_id,
        payments.overpayment_credit_id,
        payments.amount,
        sum(payments.amount) over (
            partition by payments.account_id, payments.business_id, payments.invoice_id
            order by
                case when payments.overpayment_credit_id is null then 0 else 1 end asc,
                payments.payment_date asc,
                payments.payment_id asc
            rows between unbounded preceding and current row
        ) - invoices.amount as beyond_amount
    from payments
    inner join invoices
        on
            payments.account_id = invoices.account_id
            and payments.business_id = invoices.business_id
            and payments.invoice_id = invoices.invoice_id
            and payments.currency_code = invoices.currency_code
    where not payments.is_deleted
),

excesses as (
    select
        account_id,
        business_id,
        payment_id,
        least(amount, beyond_amount) as excess_amount
    from paid
    where overpayment_credit_id is not null and amount > 0 and beyond_amount > 0
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
    case
        when payments.invoice_id is null or {{ are_available(['invoices']) }}
            then cast(payments.amount - coalesce(excesses.excess_amount, 0) as {{ money_type() }})
    end as applied_amount,
    payments.payment_type,
    payments.gateway,
    payments.note,
    payments.is_from_credit,
    not payments.is_from_credit as is_cash,
    payments.is_deleted,
    -- A payment stays active when its invoice is deleted (freshbooks-api.md 3.5); unknown without invoices.
    case
        when payments.invoice_id is null or {{ are_available(['invoices']) }} then coalesce(invoices.is_deleted, false)
    end as is_invoice_deleted,
    case
        when payments.is_deleted then false
        when payments.invoice_id is null or {{ are_available(['invoices']) }}
            then not coalesce(invoices.is_deleted, false)
    end as is_counted,
    invoices.invoice_id is null
    or coalesce(payments.currency_code = invoices.currency_code, false) as is_in_invoice_currency,
    payments.updated_at
from payments
left join invoices
    on
        payments.account_id = invoices.account_id
        and payments.business_id = invoices.business_id
        and payments.invoice_id = invoices.invoice_id
left join excesses
    on
        payments.account_id = excesses.account_id
        and payments.business_id = excesses.business_id
        and payments.payment_id = excesses.payment_id
left join availability
    on payments.business_id = availability.business_id
