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

accrual_reports as (
    select * from reports
    where basis = 'accrual'
),

cash_reports as (
    select * from reports
    where basis = 'cash'
),

current_reports as (
    {{ current_reports('accrual_reports', ['invoices', 'other_income', 'expenses', 'bills'], streams) }}
),

current_cash_reports as (
    {{ current_reports(
        'cash_reports', ['invoices', 'payments', 'other_income', 'expenses', 'bills'],
        streams + ['payments', 'bill_payments']
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

-- Without tax, on the day of the document: what an accrual profit and loss counts. Overpayments and prepayments are
-- money owed, not income; costs of goods sold are taken from income.
events as (
    select
        account_id,
        business_id,
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
        currency_code,
        create_date as event_date,
        -amount_without_tax as income_amount,
        0 as expense_amount
    from credits_without_tax
    where not is_deleted and not is_draft and coalesce(credit_type, '') not in ('overpayment', 'prepayment')
    union all
    select
        account_id,
        business_id,
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
        currency_code,
        event_date,
        case when is_cogs then -amount_without_tax else 0 end as income_amount,
        case when is_cogs then 0 else amount_without_tax end as expense_amount
    from costs
),

-- The same of the cash basis: bills as they are paid. Its income is bridged in int_revenue_checks.
cash_costs as (
    select
        account_id,
        business_id,
        currency_code,
        event_date,
        amount_without_tax as expense_amount
    from costs
    where document = 'expense' and not is_cogs
    union all
    select
        costs.account_id,
        costs.business_id,
        costs.currency_code,
        shares.event_date,
        {{ paid_portion('costs.amount_without_tax', 'shares') }} as expense_amount
    from costs
    inner join shares
        on
            costs.account_id = shares.account_id
            and costs.business_id = shares.business_id
            and costs.document = shares.document_type
            and costs.document_id = shares.document_id
    where costs.document = 'bill' and not costs.is_cogs
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
    union all
    select
        account_id,
        business_id,
        'profit and loss, expenses' as check_name,
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
        on {{ is_in_report('events', 'event_date') }}
    union all
    select
        events.account_id,
        events.business_id,
        'profit and loss, expenses' as check_name,
        events.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'total expenses' as row_name,
        events.expense_amount as our_amount,
        0 as freshbooks_amount
    from events
    inner join current_reports
        on {{ is_in_report('events', 'event_date') }}
    union all
    select
        account_id,
        business_id,
        'profit and loss, expenses, cash basis' as check_name,
        currency_code,
        start_date,
        end_date,
        'total expenses' as row_name,
        0 as our_amount,
        {{ money(json_text('total_expenses', 'total.amount')) }} as freshbooks_amount
    from current_cash_reports
    union all
    select
        cash_costs.account_id,
        cash_costs.business_id,
        'profit and loss, expenses, cash basis' as check_name,
        cash_costs.currency_code,
        current_cash_reports.start_date,
        current_cash_reports.end_date,
        'total expenses' as row_name,
        cash_costs.expense_amount as our_amount,
        0 as freshbooks_amount
    from cash_costs
    inner join current_cash_reports
        on {{ is_in_report('cash_costs', 'event_date', 'current_cash_reports') }}
)

{{ compared_rows('sides') }}
