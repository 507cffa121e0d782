{% set period_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

payments as (
    select * from {{ ref('int_payments') }}
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
),

reports as (
    select * from {{ ref('stg_freshbooks__report_payments_collected') }}
),

last_changes as (
    select
        account_id,
        business_id,
        max(updated_at) as changed_at
    from payments
    group by account_id, business_id
),

current_reports as (
    select reports.*
    from reports
    left join last_changes
        on
            reports.account_id = last_changes.account_id
            and reports.business_id = last_changes.business_id
    where last_changes.changed_at is null or last_changes.changed_at <= reports.observed_at
),

elements as (
    {{ json_elements('current_reports', 'payments', period_key) }}
),

report_rows as (
    select
        account_id,
        business_id,
        upper({{ json_text('element', 'amount.code') }}) as currency_code,
        start_date,
        end_date,
        nullif(cast({{ try_decimal(json_text('element', 'invoiceid'), 18, 0) }} as bigint), 0) as invoice_id,
        nullif(cast({{ try_decimal(json_text('element', 'creditid'), 18, 0) }} as bigint), 0) as credit_id,
        coalesce({{ json_text('element', 'from_credit') }} = 'true', false) as is_from_credit,
        {{ money(json_text('element', 'amount.amount')) }} as amount
    from elements
    -- The report of one currency may carry rows of others.
    where upper({{ json_text('element', 'amount.code') }}) = currency_code
),

sides as (
    select
        account_id,
        business_id,
        'payments collected' as check_name,
        currency_code,
        start_date,
        end_date,
        'invoice ' || {{ as_text('invoice_id') }} as row_name,
        0 as our_amount,
        amount as freshbooks_amount
    from report_rows
    where invoice_id is not null and not is_from_credit
    union all
    select
        account_id,
        business_id,
        'credits in payments collected' as check_name,
        currency_code,
        start_date,
        end_date,
        'credit ' || {{ as_text('credit_id') }} as row_name,
        0 as our_amount,
        amount as freshbooks_amount
    from report_rows
    where invoice_id is null and credit_id is not null
    union all
    select
        payments.account_id,
        payments.business_id,
        'payments collected' as check_name,
        payments.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'invoice ' || {{ as_text('payments.invoice_id') }} as row_name,
        payments.amount as our_amount,
        0 as freshbooks_amount
    from payments
    inner join current_reports
        on
            payments.account_id = current_reports.account_id
            and payments.business_id = current_reports.business_id
            and payments.currency_code = current_reports.currency_code
            and payments.payment_date >= current_reports.start_date
            and payments.payment_date <= current_reports.end_date
    where payments.is_counted and payments.is_cash and payments.invoice_id is not null
    union all
    select
        credit_notes.account_id,
        credit_notes.business_id,
        'credits in payments collected' as check_name,
        credit_notes.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'credit ' || {{ as_text('credit_notes.credit_id') }} as row_name,
        credit_notes.amount as our_amount,
        0 as freshbooks_amount
    from credit_notes
    inner join current_reports
        on
            credit_notes.account_id = current_reports.account_id
            and credit_notes.business_id = current_reports.business_id
            and credit_notes.currency_code = current_reports.currency_code
            and credit_notes.create_date >= current_reports.start_date
            and credit_notes.create_date <= current_reports.end_date
    where not credit_notes.is_deleted and not credit_notes.is_draft
)

select
    account_id,
    business_id,
    check_name,
    currency_code,
    start_date,
    end_date,
    row_name,
    sum(our_amount) as our_amount,
    sum(freshbooks_amount) as freshbooks_amount
from sides
where check_name = 'payments collected' or {{ has_stream('credit_notes') }}
group by account_id, business_id, check_name, currency_code, start_date, end_date, row_name
