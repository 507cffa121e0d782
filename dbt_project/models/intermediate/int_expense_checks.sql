{% set period_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
    where rejected_values is null
),

reports as (
    select * from {{ ref('stg_freshbooks__report_expense_details') }}
    where rejected_values is null
),

current_reports as (
    {{ current_reports('reports', ['expenses'], ['expenses']) }}
),

group_elements as (
    {{ json_elements('current_reports', 'data', period_key) }}
),

expense_groups as (
    select
        account_id,
        business_id,
        currency_code,
        start_date,
        end_date,
        {{ json_part('element', 'expenses') }} as expenses
    from group_elements
),

elements as (
    {{ json_elements('expense_groups', 'expenses', period_key) }}
),

sides as (
    select
        account_id,
        business_id,
        'expense details' as check_name,
        currency_code,
        start_date,
        end_date,
        'expense ' || {{ json_text('element', 'expenseid') }} as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'amount.amount')) }} as freshbooks_amount
    from elements
    union all
    select
        expenses.account_id,
        expenses.business_id,
        'expense details' as check_name,
        expenses.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        'expense ' || {{ as_text('expenses.expense_id') }} as row_name,
        expenses.total_amount as our_amount,
        0 as freshbooks_amount
    from expenses
    inner join current_reports
        on {{ is_in_report('expenses', 'expense_date') }}
    where not expenses.is_deleted
)

{{ compared_rows('sides') }}
