{% set streams = ['invoices', 'credit_notes', 'other_income', 'expenses', 'expense_categories', 'bills'] %}
with

revenue as (
    select * from {{ ref('revenue_monthly') }}
),

shares as (
    select * from {{ ref('int_cash_shares') }}
),

changed_invoices as (
    select * from {{ ref('int_invoices') }}
),

changed_payments as (
    select * from {{ ref('int_payments') }}
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

-- Without its income there is nothing to bridge to.
reports as (
    select *
    from (
        select
            *,
            {{ money(json_text('total_income', 'total.amount')) }} as income_amount
        from {{ ref('stg_freshbooks__report_profit_and_loss') }}
        where rejected_values is null
    ) as told
    where income_amount is not null
),

current_reports as (
    {{ current_reports_of_both_bases(
        'reports', ['changed_invoices', 'changed_income', 'expenses', 'bills'], 'changed_payments', streams
    ) }}
),

costs as (
    {{ costs_without_tax('expenses', 'bills', 'expense_categories') }}
),

dated_costs as (
    {{ on_both_bases(
        'costs', 'shares', ['currency_code', 'is_cogs'], ['amount_without_tax'], 'document_date'
    ) }}
),

-- FreshBooks takes the costs of goods sold from its income, on the cash basis those of bills as they are paid; revenue
-- is before them.
parts as (
    select
        account_id,
        business_id,
        'accrual' as basis,
        currency_code,
        month_start_date as event_date,
        net_revenue_amount as revenue_amount,
        0 as goods_expenses_amount,
        0 as goods_bills_amount
    from revenue
    union all
    select
        account_id,
        business_id,
        'cash' as basis,
        currency_code,
        month_start_date as event_date,
        collected_without_tax_amount + other_income_without_tax_amount as revenue_amount,
        0 as goods_expenses_amount,
        0 as goods_bills_amount
    from revenue
    union all
    select
        account_id,
        business_id,
        basis,
        currency_code,
        event_date,
        0 as revenue_amount,
        case when document_type = 'expense' then amount_without_tax else 0 end as goods_expenses_amount,
        case when document_type = 'bill' then amount_without_tax else 0 end as goods_bills_amount
    from dated_costs
    where is_cogs
),

bridge as (
    select
        current_reports.account_id,
        current_reports.business_id,
        current_reports.basis,
        current_reports.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        current_reports.income_amount as freshbooks_amount,
        coalesce(parts.revenue_amount, 0) as revenue_amount,
        coalesce(parts.goods_expenses_amount, 0) as goods_expenses_amount,
        coalesce(parts.goods_bills_amount, 0) as goods_bills_amount
    from current_reports
    left join parts
        on
            current_reports.basis = parts.basis
            and {{ is_in_report('parts', 'event_date') }}
)

select
    account_id,
    business_id,
    case
        when basis = 'cash' then 'collected revenue to profit and loss income, cash basis'
        else 'net revenue to profit and loss income'
    end as check_name,
    currency_code,
    start_date,
    end_date,
    case
        when basis = 'cash' then 'collected without tax and other income less costs of goods sold'
        else 'net revenue less costs of goods sold'
    end as row_name,
    sum(revenue_amount) as revenue_amount,
    sum(goods_expenses_amount) as goods_expenses_amount,
    sum(goods_bills_amount) as goods_bills_amount,
    sum(revenue_amount) - sum(goods_expenses_amount) - sum(goods_bills_amount) as our_amount,
    max(freshbooks_amount) as freshbooks_amount
from bridge
group by account_id, business_id, basis, currency_code, start_date, end_date
