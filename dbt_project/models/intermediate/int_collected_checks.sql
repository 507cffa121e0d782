{% set period_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

payments as (
    select * from {{ ref('int_payments') }}
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

payment_reports as (
    select * from {{ ref('stg_freshbooks__report_payments_collected') }}
    where rejected_values is null
),

client_reports as (
    select * from {{ ref('stg_freshbooks__report_revenue_by_client') }}
    where rejected_values is null and sales_type = 'collected'
),

current_reports as (
    {{ current_reports('payment_reports', ['payments'], ['invoices', 'payments']) }}
),

current_client_reports as (
    {{ current_reports('client_reports', ['payments'], ['invoices', 'payments', 'credit_notes']) }}
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

client_elements as (
    {{ json_elements('current_client_reports', 'clients', period_key) }}
),

collected as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        payment_date as event_date,
        amount
    from payments
    where is_counted and is_cash and invoice_id is not null
    union all
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        create_date as event_date,
        amount
    from credit_notes
    where not is_deleted and not is_draft
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
        on {{ is_in_report('payments', 'payment_date') }}
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
        on {{ is_in_report('credit_notes', 'create_date') }}
    where not credit_notes.is_deleted and not credit_notes.is_draft
    union all
    select
        account_id,
        business_id,
        'revenue by client' as check_name,
        currency_code,
        start_date,
        end_date,
        'client ' || {{ json_text('element', 'userid') }} as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'total.amount')) }} as freshbooks_amount
    from client_elements
    union all
    select
        collected.account_id,
        collected.business_id,
        'revenue by client' as check_name,
        collected.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'client ' || {{ as_text('collected.client_id') }} as row_name,
        collected.amount as our_amount,
        0 as freshbooks_amount
    from collected
    inner join current_client_reports as current_reports
        on {{ is_in_report('collected', 'event_date') }}
),

availability as (
    {{ availability(['credit_notes']) }}
),

comparable as (
    select sides.* from sides
    left join availability
        on sides.business_id = availability.business_id
    where sides.check_name <> 'credits in payments collected' or {{ are_available(['credit_notes']) }}
)

{{ compared_rows('comparable') }}
