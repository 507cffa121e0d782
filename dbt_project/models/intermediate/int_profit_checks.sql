{% set streams = ['invoices', 'credit_notes', 'other_income', 'expenses', 'expense_categories', 'bills'] %}
with

invoices as (
    select * from {{ ref('int_invoices') }}
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
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

expense_categories as (
    select * from {{ ref('stg_freshbooks__expense_categories') }}
    where rejected_values is null
),

payments as (
    select * from {{ ref('int_payments') }}
),

shares as (
    select * from {{ ref('int_cash_shares') }}
),

reports as (
    select * from {{ ref('stg_freshbooks__report_profit_and_loss') }}
    where rejected_values is null
),

current_reports as (
    {{ current_reports_of_both_bases(
        'reports', ['invoices', 'other_income', 'expenses', 'bills'], 'payments', streams
    ) }}
),

credits_without_tax as (
    {{ credit_notes_without_tax('credit_notes') }}
),

income_without_tax as (
    {{ other_income_without_tax('other_income') }}
),

costs as (
    {{ costs_without_tax('expenses', 'bills', 'expense_categories') }}
),

dated_costs as (
    {{ on_both_bases(
        'costs', 'shares', ['currency_code', 'is_cogs'], ['amount_without_tax'], 'document_date'
    ) }}
),

-- Without tax: what a profit and loss counts. Overpayments and prepayments are money owed, not income; costs of goods
-- sold are taken from income. The income of the cash basis is bridged in int_revenue_checks.
events as (
    select
        account_id,
        business_id,
        'accrual' as basis,
        currency_code,
        create_date as event_date,
        lines_amount + discount_amount as income_amount,
        0 as expense_amount
    from invoices
    where is_receivable
    union all
    select
        account_id,
        business_id,
        'accrual' as basis,
        currency_code,
        create_date as event_date,
        -amount_without_tax as income_amount,
        0 as expense_amount
    from credits_without_tax
    where not is_deleted and not is_draft and not {{ is_paid_in('credit_type') }}
    union all
    select
        account_id,
        business_id,
        'accrual' as basis,
        currency_code,
        income_date as event_date,
        amount_without_tax as income_amount,
        0 as expense_amount
    from income_without_tax
    where not is_deleted
    union all
    select
        account_id,
        business_id,
        basis,
        currency_code,
        event_date,
        case when is_cogs then -amount_without_tax else 0 end as income_amount,
        case when is_cogs then 0 else amount_without_tax end as expense_amount
    from dated_costs
),

sides as (
    select
        account_id,
        business_id,
        'profit and loss, income' as check_name,
        currency_code,
        start_date,
        end_date,
        'total income' as row_name,
        0 as our_amount,
        {{ money(json_text('total_income', 'total.amount')) }} as freshbooks_amount
    from current_reports
    where basis = 'accrual'
    union all
    select
        account_id,
        business_id,
        'profit and loss, expenses' || {{ basis_suffix('basis') }} as check_name,
        currency_code,
        start_date,
        end_date,
        'total expenses' as row_name,
        0 as our_amount,
        {{ money(json_text('total_expenses', 'total.amount')) }} as freshbooks_amount
    from current_reports
    union all
    select
        events.account_id,
        events.business_id,
        'profit and loss, income' as check_name,
        events.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'total income' as row_name,
        events.income_amount as our_amount,
        0 as freshbooks_amount
    from events
    inner join current_reports
        on
            events.basis = current_reports.basis
            and {{ is_in_report('events', 'event_date') }}
    where events.basis = 'accrual'
    union all
    select
        events.account_id,
        events.business_id,
        'profit and loss, expenses' || {{ basis_suffix('events.basis') }} as check_name,
        events.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'total expenses' as row_name,
        events.expense_amount as our_amount,
        0 as freshbooks_amount
    from events
    inner join current_reports
        on
            events.basis = current_reports.basis
            and {{ is_in_report('events', 'event_date') }}
)

{{ compared_rows('sides') }}
