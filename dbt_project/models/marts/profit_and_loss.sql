{% set line_key = ['account_id', 'business_id', 'currency_code', 'basis', 'start_date', 'end_date'] %}
with

reports as (
    select * from {{ ref('stg_freshbooks__report_profit_and_loss') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

income as (
    {{ json_elements('reports', 'income', line_key) }}
),

expenses as (
    {{ json_elements('reports', 'expenses', line_key) }}
),

totals as (
    select
        account_id,
        business_id,
        currency_code,
        basis,
        start_date,
        end_date,
        'total income' as section,
        total_income as element,
        1 as element_number
    from reports
    union all
    select
        account_id,
        business_id,
        currency_code,
        basis,
        start_date,
        end_date,
        'total expenses' as section,
        total_expenses as element,
        1 as element_number
    from reports
    union all
    select
        account_id,
        business_id,
        currency_code,
        basis,
        start_date,
        end_date,
        'net profit' as section,
        net_profit as element,
        1 as element_number
    from reports
    union all
    select
        account_id,
        business_id,
        currency_code,
        basis,
        start_date,
        end_date,
        'gross margin' as section,
        gross_margin as element,
        1 as element_number
    from reports
),

roots as (
    select
        account_id,
        business_id,
        currency_code,
        basis,
        start_date,
        end_date,
        'income' as section,
        element,
        element_number
    from income
    union all
    select
        account_id,
        business_id,
        currency_code,
        basis,
        start_date,
        end_date,
        'expenses' as section,
        element,
        element_number
    from expenses
    union all
    select * from totals
),

level1 as (
    {{ report_line(1, "''", "''") }}
    from roots
    where element is not null
),

level2_elements as (
    {{ json_elements('level1', 'children', line_key + ['section', 'line_path', 'line_code']) }}
),

level2 as (
    {{ report_line(2, "line_path || ' > '", "line_code || '.'") }}
    from level2_elements
),

level3_elements as (
    {{ json_elements('level2', 'children', line_key + ['section', 'line_path', 'line_code']) }}
),

level3 as (
    {{ report_line(3, "line_path || ' > '", "line_code || '.'") }}
    from level3_elements
),

level4_elements as (
    {{ json_elements('level3', 'children', line_key + ['section', 'line_path', 'line_code']) }}
),

level4 as (
    {{ report_line(4, "line_path || ' > '", "line_code || '.'") }}
    from level4_elements
),

lines as (
    select * from level1
    union all
    select * from level2
    union all
    select * from level3
    union all
    select * from level4
)

select
    lines.account_id,
    lines.business_id,
    businesses.business_name,
    lines.basis,
    lines.start_date,
    lines.end_date,
    lines.section,
    lines.line_code,
    cast(lines.line_level as bigint) as line_level,
    lines.line_name,
    lines.line_path,
    lines.section not in ('income', 'expenses') as is_total,
    lines.child_count = 0 as is_leaf,
    lines.entry_type,
    lines.currency_code,
    cast(case when lines.amount_code <> '%' then lines.amount end as {{ money_type() }}) as line_amount,
    cast(case when lines.amount_code = '%' then lines.amount end as {{ decimal(9, 2) }}) as line_percent
from lines
left join businesses
    on lines.business_id = businesses.business_id
