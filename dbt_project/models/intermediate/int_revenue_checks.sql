{% set streams = ['invoices', 'credit_notes', 'other_income', 'expenses', 'expense_categories', 'bills'] %}
with

revenue as (
    select * from {{ ref('revenue_monthly') }}
),

changed_invoices as (
    select * from {{ ref('int_invoices') }}
),

changed_income as (
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
    where rejected_values is null and basis = 'accrual'
),

current_reports as (
    {{ current_reports('reports', ['changed_invoices', 'changed_income', 'expenses', 'bills'], streams) }}
),

costs as (
    {{ costs_without_tax('expenses', 'bills', 'expense_categories') }}
),

-- FreshBooks takes the costs of goods sold from its income; net revenue is before them.
parts as (
    select
        account_id,
        business_id,
        currency_code,
        month_start_date as event_date,
        net_revenue_amount,
        0 as goods_expenses_amount,
        0 as goods_bills_amount
    from revenue
    union all
    select
        account_id,
        business_id,
        currency_code,
        event_date,
        0 as net_revenue_amount,
        case when document = 'expense' then amount_without_tax else 0 end as goods_expenses_amount,
        case when document = 'bill' then amount_without_tax else 0 end as goods_bills_amount
    from costs
    where is_cogs
),

bridge as (
    select
        current_reports.account_id,
        current_reports.business_id,
        current_reports.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        {{ money(json_text('current_reports.total_income', 'total.amount')) }} as freshbooks_amount,
        coalesce(parts.net_revenue_amount, 0) as net_revenue_amount,
        coalesce(parts.goods_expenses_amount, 0) as goods_expenses_amount,
        coalesce(parts.goods_bills_amount, 0) as goods_bills_amount
    from current_reports
    left join parts
        on {{ is_in_report('parts', 'event_date') }}
)

select
    account_id,
    business_id,
    'net revenue to profit and loss income' as check_name,
    currency_code,
    start_date,
    end_date,
    'net revenue less costs of goods sold' as row_name,
    sum(net_revenue_amount) as net_revenue_amount,
    sum(goods_expenses_amount) as goods_expenses_amount,
    sum(goods_bills_amount) as goods_bills_amount,
    sum(net_revenue_amount) - sum(goods_expenses_amount) - sum(goods_bills_amount) as our_amount,
    max(freshbooks_amount) as freshbooks_amount
from bridge
group by account_id, business_id, currency_code, start_date, end_date
