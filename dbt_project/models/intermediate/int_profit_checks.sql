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

reports as (
    select * from {{ ref('stg_freshbooks__report_profit_and_loss') }}
    where rejected_values is null and not coalesce(cash_based, false)
),

current_reports as (
    {{ current_reports(
        'reports', ['invoices', 'other_income', 'expenses', 'bills'],
        ['invoices', 'credit_notes', 'other_income', 'expenses', 'expense_categories', 'bills']
    ) }}
),

credit_lines as (
    {{ json_elements('credit_notes', 'lines', ['account_id', 'business_id', 'credit_id']) }}
),

credit_totals as (
    select
        account_id,
        business_id,
        credit_id,
        sum({{ money(json_text('element', 'amount.amount')) }}) as amount_without_tax
    from credit_lines
    group by account_id, business_id, credit_id
),

income_taxes as (
    {{ json_elements('other_income', 'taxes', ['account_id', 'business_id', 'income_id']) }}
),

income_tax_totals as (
    select
        account_id,
        business_id,
        income_id,
        sum(coalesce({{ bounded_decimal(json_text('element', 'amount'), 'percent') }}, 0)) as tax_percent
    from income_taxes
    group by account_id, business_id, income_id
),

bill_line_elements as (
    {{ json_elements(
        'bills', 'lines', ['account_id', 'business_id', 'bill_id', 'currency_code', 'issue_date', 'is_deleted']
    ) }}
),

bill_lines as (
    select
        account_id,
        business_id,
        bill_id,
        currency_code,
        issue_date,
        is_deleted,
        cast({{ try_decimal(json_text('element', 'categoryid'), 18, 0) }} as bigint) as category_id,
        {{ money(json_text('element', 'amount.amount')) }} as amount
    from bill_line_elements
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
        credit_notes.account_id,
        credit_notes.business_id,
        credit_notes.currency_code,
        credit_notes.create_date as event_date,
        -coalesce(credit_totals.amount_without_tax, credit_notes.amount) as income_amount,
        0 as expense_amount
    from credit_notes
    left join credit_totals
        on
            credit_notes.account_id = credit_totals.account_id
            and credit_notes.business_id = credit_totals.business_id
            and credit_notes.credit_id = credit_totals.credit_id
    where
        not credit_notes.is_deleted
        and not credit_notes.is_draft
        and coalesce(credit_notes.credit_type, '') not in ('overpayment', 'prepayment')
    union all
    select
        other_income.account_id,
        other_income.business_id,
        other_income.currency_code,
        other_income.income_date as event_date,
        {{ quotient('100 * other_income.amount', '100 + coalesce(income_tax_totals.tax_percent, 0)') }}
            as income_amount,
        0 as expense_amount
    from other_income
    left join income_tax_totals
        on
            other_income.account_id = income_tax_totals.account_id
            and other_income.business_id = income_tax_totals.business_id
            and other_income.income_id = income_tax_totals.income_id
    where not other_income.is_deleted
    union all
    select
        expenses.account_id,
        expenses.business_id,
        expenses.currency_code,
        expenses.expense_date as event_date,
        case when expense_categories.is_cogs then expenses.tax_amount - expenses.total_amount else 0 end
            as income_amount,
        case when expense_categories.is_cogs then 0 else expenses.total_amount - expenses.tax_amount end
            as expense_amount
    from expenses
    left join expense_categories
        on
            expenses.account_id = expense_categories.account_id
            and expenses.business_id = expense_categories.business_id
            and expenses.category_id = expense_categories.category_id
    where not expenses.is_deleted
    union all
    select
        bill_lines.account_id,
        bill_lines.business_id,
        bill_lines.currency_code,
        bill_lines.issue_date as event_date,
        case when expense_categories.is_cogs then -bill_lines.amount else 0 end as income_amount,
        case when expense_categories.is_cogs then 0 else bill_lines.amount end as expense_amount
    from bill_lines
    left join expense_categories
        on
            bill_lines.account_id = expense_categories.account_id
            and bill_lines.business_id = expense_categories.business_id
            and bill_lines.category_id = expense_categories.category_id
    where not bill_lines.is_deleted
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
)

{{ compared_rows('sides') }}
