{% set period_key = ['account_id', 'business_id', 'currency_code', 'basis', 'start_date', 'end_date'] %}
{% set streams = ['invoices', 'credit_notes', 'other_income', 'expenses', 'bills'] %}
with

tax_lines as (
    select * from {{ ref('sales_tax_lines') }}
),

invoices as (
    select * from {{ ref('int_invoices') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

shares as (
    select * from {{ ref('int_cash_shares') }}
),

other_income as (
    select * from {{ ref('stg_freshbooks__other_income') }}
    where rejected_values is null
),

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
    where rejected_values is null
),

bills as (
    select * from {{ ref('stg_freshbooks__bills') }}
    where rejected_values is null
),

reports as (
    select * from {{ ref('stg_freshbooks__report_tax_summary') }}
    where rejected_values is null
),

current_reports as (
    {{ current_reports_of_both_bases(
        'reports', ['invoices', 'other_income', 'expenses', 'bills'], 'payments', streams
    ) }}
),

tax_elements as (
    {{ json_elements('current_reports', 'taxes', period_key) }}
),

events as (
    select
        account_id,
        business_id,
        basis,
        case when is_collected then 'tax summary, collected' else 'tax summary, paid' end as check_name,
        currency_code,
        event_date,
        'tax ' || tax_name as row_name,
        tax_amount as amount
    from tax_lines
    union all
    select
        account_id,
        business_id,
        'accrual' as basis,
        'tax summary, total invoiced' as check_name,
        currency_code,
        create_date as event_date,
        'total invoiced' as row_name,
        amount
    from invoices
    where is_receivable
    union all
    select
        account_id,
        business_id,
        'cash' as basis,
        'tax summary, total invoiced' as check_name,
        currency_code,
        event_date,
        'total invoiced' as row_name,
        amount
    from shares
    where document_type = 'invoice'
),

sides as (
    select
        account_id,
        business_id,
        'tax summary, collected' || {{ basis_suffix('basis') }} as check_name,
        currency_code,
        start_date,
        end_date,
        'tax ' || coalesce({{ json_text('element', 'tax_name') }}, 'without a name') as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'tax_collected.amount')) }} as freshbooks_amount
    from tax_elements
    union all
    select
        account_id,
        business_id,
        'tax summary, paid' || {{ basis_suffix('basis') }} as check_name,
        currency_code,
        start_date,
        end_date,
        'tax ' || coalesce({{ json_text('element', 'tax_name') }}, 'without a name') as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'tax_paid.amount')) }} as freshbooks_amount
    from tax_elements
    union all
    select
        account_id,
        business_id,
        'tax summary, total invoiced' || {{ basis_suffix('basis') }} as check_name,
        currency_code,
        start_date,
        end_date,
        'total invoiced' as row_name,
        0 as our_amount,
        total_invoiced as freshbooks_amount
    from current_reports
    union all
    select
        events.account_id,
        events.business_id,
        events.check_name || {{ basis_suffix('events.basis') }} as check_name,
        events.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        events.row_name,
        events.amount as our_amount,
        0 as freshbooks_amount
    from events
    inner join current_reports
        on
            events.basis = current_reports.basis
            and {{ is_in_report('events', 'event_date') }}
)

{{ compared_rows('sides') }}
