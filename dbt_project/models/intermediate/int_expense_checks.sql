{% set period_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
),

reports as (
    select * from {{ ref('stg_freshbooks__report_expense_details') }}
),

last_changes as (
    select
        account_id,
        business_id,
        max(updated_at) as changed_at
    from expenses
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
        currency_code,
        start_date,
        end_date,
        cast({{ try_decimal(json_text('element', 'expenseid'), 18, 0) }} as bigint) as expense_id,
        0 as our_amount,
        {{ money(json_text('element', 'amount.amount')) }} as freshbooks_amount
    from elements
    union all
    select
        expenses.account_id,
        expenses.business_id,
        expenses.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        expenses.expense_id,
        expenses.total_amount as our_amount,
        0 as freshbooks_amount
    from expenses
    inner join current_reports
        on
            expenses.account_id = current_reports.account_id
            and expenses.business_id = current_reports.business_id
            and expenses.currency_code = current_reports.currency_code
            and expenses.expense_date >= current_reports.start_date
            and expenses.expense_date <= current_reports.end_date
    where not expenses.is_deleted
)

select
    account_id,
    business_id,
    'expense details' as check_name,
    currency_code,
    start_date,
    end_date,
    'expense ' || {{ as_text('expense_id') }} as row_name,
    sum(our_amount) as our_amount,
    sum(freshbooks_amount) as freshbooks_amount
from sides
group by account_id, business_id, currency_code, start_date, end_date, expense_id
