with

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
    where rejected_values is null
),

categories as (
    select * from {{ ref('int_expense_category_tree') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['expense_categories']) }}
),

monthly as (
    select
        account_id,
        business_id,
        category_id,
        currency_code,
        {{ month_start('expense_date') }} as month_start_date,
        sum(total_amount) as total_amount,
        sum(tax_amount) as tax_amount,
        sum(case when is_billable then total_amount else 0 end) as billable_amount,
        count(*) as expense_count
    from expenses
    where not is_deleted
    group by account_id, business_id, category_id, currency_code, {{ month_start('expense_date') }}
)

select
    monthly.account_id,
    monthly.business_id,
    businesses.business_name,
    monthly.category_id,
    case
        when monthly.category_id is null then 'Uncategorised'
        when {{ are_available(['expense_categories']) }} then coalesce(categories.category_name, 'Unknown category')
    end as category_name,
    case
        when monthly.category_id is null then 'Uncategorised'
        when {{ are_available(['expense_categories']) }} then coalesce(categories.category_path, 'Unknown category')
    end as category_path,
    case
        when monthly.category_id is null or {{ are_available(['expense_categories']) }}
            then cast(coalesce(categories.category_level, 1) as bigint)
    end as category_level,
    categories.parent_category_id,
    categories.parent_category_name,
    categories.category_status,
    monthly.category_id is null as is_uncategorised,
    case
        when monthly.category_id is null or {{ are_available(['expense_categories']) }}
            then coalesce(categories.is_cogs, false)
    end as is_cogs,
    monthly.month_start_date,
    monthly.currency_code,
    cast(monthly.total_amount as {{ money_type() }}) as total_amount,
    cast(monthly.tax_amount as {{ money_type() }}) as tax_amount,
    cast(monthly.total_amount - monthly.tax_amount as {{ money_type() }}) as total_without_tax_amount,
    cast(monthly.billable_amount as {{ money_type() }}) as billable_amount,
    cast(monthly.expense_count as bigint) as expense_count,
    {{ gap_reason({'expense_categories': 'monthly.category_id is not null'}) }} as gap_reason
from monthly
left join categories
    on
        monthly.account_id = categories.account_id
        and monthly.business_id = categories.business_id
        and monthly.category_id = categories.category_id
left join businesses
    on monthly.business_id = businesses.business_id
left join availability
    on monthly.business_id = availability.business_id
