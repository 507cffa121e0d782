with

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
    where rejected_values is null
),

expense_category_tree as (
    select * from {{ ref('int_expense_category_tree') }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

projects as (
    select * from {{ ref('int_projects') }}
),

invoices as (
    select * from {{ ref('stg_freshbooks__invoices') }}
    where rejected_values is null
),

staff as (
    select * from {{ ref('stg_freshbooks__staff') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['expense_categories', 'clients', 'projects', 'invoices', 'staff']) }}
)

select
    expenses.account_id,
    expenses.business_id,
    businesses.business_name,
    expenses.expense_id,
    expenses.expense_date,
    expenses.vendor,
    expenses.category_id,
    case
        when expenses.category_id is null then 'Uncategorised'
        when {{ are_available(['expense_categories']) }}
            then coalesce(expense_category_tree.category_path, 'Unknown category')
    end as category_path,
    case
        when expenses.category_id is null or {{ are_available(['expense_categories']) }}
            then coalesce(expense_category_tree.is_cogs, false)
    end as is_cogs,
    expenses.client_id,
    clients.client_name,
    expenses.project_id,
    projects.project_name,
    expenses.invoice_id,
    invoices.invoice_number,
    expenses.staff_id,
    staff.full_name as staff_name,
    expenses.account_name,
    expenses.notes,
    case expenses.status_code
        when 0 then 'internal' when 1 then 'outstanding' when 2 then 'invoiced' when 4 then 'recouped'
    end as expense_status,
    expenses.currency_code,
    expenses.total_amount,
    expenses.tax_amount,
    cast(expenses.total_amount - expenses.tax_amount as {{ money_type() }}) as amount_without_tax,
    expenses.is_billable,
    expenses.has_receipt,
    expenses.is_possible_duplicate,
    expenses.is_archived,
    {{ reporting_columns('expenses', 'expense_date', {'total': 'expenses.total_amount'}) }},
    expenses.updated_at,
    {{ gap_reason({
        'expense_categories': 'expenses.category_id is not null',
        'clients': 'expenses.client_id is not null',
        'projects': 'expenses.project_id is not null',
        'invoices': 'expenses.invoice_id is not null',
        'staff': 'expenses.staff_id is not null',
    }) }} as gap_reason
from expenses
left join expense_category_tree
    on
        expenses.account_id = expense_category_tree.account_id
        and expenses.business_id = expense_category_tree.business_id
        and expenses.category_id = expense_category_tree.category_id
left join clients
    on
        expenses.account_id = clients.account_id
        and expenses.business_id = clients.business_id
        and expenses.client_id = clients.client_id
left join projects
    on
        expenses.account_id = projects.account_id
        and expenses.business_id = projects.business_id
        and expenses.project_id = projects.project_id
left join invoices
    on
        expenses.account_id = invoices.account_id
        and expenses.business_id = invoices.business_id
        and expenses.invoice_id = invoices.invoice_id
left join staff
    on
        expenses.account_id = staff.account_id
        and expenses.business_id = staff.business_id
        and expenses.staff_id = staff.staff_id
left join businesses
    on expenses.business_id = businesses.business_id
left join availability
    on expenses.business_id = availability.business_id
{{ join_exchange_rates('expenses', 'expense_date') }}
where not expenses.is_deleted
