with

invoices as (
    select * from {{ by_invoice(ref('stg_freshbooks__invoices')) }}
    where rejected_values is null
),

invoice_lines as (
    select * from {{ by_invoice(ref('int_invoice_lines')) }}
),

payments as (
    select * from {{ by_invoice(ref('int_payments')) }}
),

availability as (
    {{ availability(['payments']) }}
),

line_totals as (
    select
        account_id,
        business_id,
        invoice_id,
        sum(amount) as lines_amount,
        count(*) as line_count
    from invoice_lines
    group by account_id, business_id, invoice_id
),

line_taxes as (
    {{ taxes_of('invoice_lines', ['account_id', 'business_id', 'invoice_id', 'currency_code']) }}
),

-- One rounding per tax of an invoice, on the discounted lines that carry it.
taxes as (
    select
        account_id,
        business_id,
        invoice_id,
        {{ round_money('sum(tax_amount)') }} as tax_amount,
        count(*) as taxed_line_count
    from line_taxes
    group by account_id, business_id, invoice_id, currency_code, tax_name, tax_percent
),

tax_totals as (
    select
        account_id,
        business_id,
        invoice_id,
        sum(tax_amount) as tax_amount,
        sum(taxed_line_count) as taxed_line_count
    from taxes
    group by account_id, business_id, invoice_id
),

payment_totals as (
    select
        account_id,
        business_id,
        invoice_id,
        currency_code,
        sum(applied_amount) as paid_amount,
        sum(case when {{ is_dated_later('payment_date') }} then applied_amount else 0 end) as later_amount
    from payments
    where not is_deleted
    group by account_id, business_id, invoice_id, currency_code
),

joined as (
    select
        invoices.*,
        cast(coalesce(line_totals.lines_amount, 0) as {{ money_type() }}) as lines_amount,
        coalesce(line_totals.line_count, 0) as line_count,
        cast(coalesce(tax_totals.tax_amount, 0) as {{ money_type() }}) as tax_amount,
        coalesce(tax_totals.taxed_line_count, 0) as taxed_line_count,
        coalesce(payment_totals.paid_amount, 0) as payments_amount,
        coalesce(payment_totals.later_amount, 0) as later_payments_amount,
        not invoices.is_deleted and not invoices.is_draft as is_receivable,
        {{ are_available(['payments']) }} as has_payments,
        {{ days_between('invoices.due_date', as_of_date('invoices.business_id')) }} as days_past_due
    from invoices
    left join line_totals
        on
            invoices.account_id = line_totals.account_id
            and invoices.business_id = line_totals.business_id
            and invoices.invoice_id = line_totals.invoice_id
    left join tax_totals
        on
            invoices.account_id = tax_totals.account_id
            and invoices.business_id = tax_totals.business_id
            and invoices.invoice_id = tax_totals.invoice_id
    left join payment_totals
        on
            invoices.account_id = payment_totals.account_id
            and invoices.business_id = payment_totals.business_id
            and invoices.invoice_id = payment_totals.invoice_id
            and invoices.currency_code = payment_totals.currency_code
    left join availability
        on invoices.business_id = availability.business_id
),

-- FreshBooks' balance holds payments of every day; without payments it stands as it is.
dated as (
    select
        *,
        {{ is_dated_later('create_date') }} as is_dated_later,
        case
            when has_payments
                then {{ paid_later('later_payments_amount', 'amount', 'outstanding_amount') }}
            else 0
        end as paid_later_amount
    from joined
),

balanced as (
    select
        *,
        outstanding_amount + paid_later_amount as balance_amount,
        is_receivable and not is_dated_later and outstanding_amount + paid_later_amount > 0 as is_open
    from dated
),

measured as (
    select
        *,
        case when is_open and days_past_due > 0 then days_past_due else 0 end as days_overdue,
        case when balance_amount <= 0 and not {{ is_dated_later('paid_date') }} then paid_date end as known_paid_date,
        cast(lines_amount + discount_amount + tax_amount as {{ money_type() }}) as computed_amount,
        case when has_payments then cast(payments_amount as {{ money_type() }}) end as computed_paid_amount
    from balanced
)

select
    account_id,
    business_id,
    invoice_id,
    invoice_number,
    client_id,
    client_name_on_invoice,
    estimate_id,
    invoice_profile_id,
    po_number,
    create_date,
    due_date,
    known_paid_date as paid_date,
    case
        when is_receivable and create_date < known_paid_date then {{ days_between('create_date', 'known_paid_date') }}
        when is_receivable and known_paid_date is not null then 0
    end as days_to_pay,
    {{ as_of_date() }} as as_of_date,
    currency_code,
    amount,
    lines_amount,
    discount_amount,
    tax_amount,
    computed_amount,
    line_count,
    taxed_line_count,
    cast(paid_amount - paid_later_amount as {{ money_type() }}) as paid_amount,
    cast(paid_later_amount as {{ money_type() }}) as paid_later_amount,
    cast(balance_amount as {{ money_type() }}) as outstanding_amount,
    paid_amount as freshbooks_paid_amount,
    outstanding_amount as freshbooks_outstanding_amount,
    computed_paid_amount,
    deposit_amount,
    deposit_status,
    -- A connection that starts on a day lacks the older payments of older invoices.
    has_payments and {{ is_after_start_date('created_day') }} as has_all_payments,
    -- Overdue is derived: FreshBooks writes nothing when a due date passes (freshbooks-api.md 4.1).
    case
        when is_draft then 'draft'
        when balance_amount <= 0 then 'paid'
        when days_past_due > 0 and not is_dated_later then 'overdue'
        when paid_amount - paid_later_amount > 0 then 'partial'
        when v3_status = 'viewed' or display_status = 'viewed' or status_code = 3 then 'viewed'
        else 'sent'
    end as invoice_status,
    freshbooks_status,
    dispute_status,
    autobill_status,
    last_order_status,
    days_overdue,
    case
        when not is_open then null
        when days_overdue = 0 then 'current'
        when days_overdue <= 30 then '1-30'
        when days_overdue <= 60 then '31-60'
        when days_overdue <= 90 then '61-90'
        else '91+'
    end as aging_bucket,
    is_draft,
    is_open,
    is_receivable,
    is_dated_later,
    is_deleted,
    is_archived,
    updated_at
from measured
