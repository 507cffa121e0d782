{# Every money metric is grouped by currency_code: there is no total over currencies. #}
{% set metrics = [
    {
        'name': 'outstanding', 'mart': 'outstanding_balances', 'expression': "sum(outstanding_amount)",
        'definition': "Unpaid amount of open invoices, as of as_of_date; drafts and deleted invoices never count.",
        'groupings': 'business_id, business_name, client_id, client_name', 'filter': '', 'time': 'as of as_of_date', 'required': 'currency_code',
    },
    {
        'name': 'overdue', 'mart': 'outstanding_balances', 'expression': "sum(overdue_amount)",
        'definition': "Part of outstanding whose due date is before as_of_date.",
        'groupings': 'business_id, business_name, client_id, client_name', 'filter': '', 'time': 'as of as_of_date', 'required': 'currency_code',
    },
    {
        'name': 'outstanding_by_day', 'mart': 'ar_aging', 'expression': "sum(outstanding_amount)",
        'definition': "Outstanding at each month end, from dated payments.",
        'groupings': 'business_id, business_name, as_of_date, client_id, client_name, aging_bucket', 'filter': '', 'time': 'as of the day', 'required': 'currency_code, as_of_date',
    },
    {
        'name': 'invoiced', 'mart': 'revenue_monthly', 'expression': "sum(invoiced_amount)",
        'definition': "Amount of invoices issued, tax included; drafts and deleted ones don't count.",
        'groupings': 'month_start_date, client_id, client_name, business_id, business_name', 'filter': '', 'time': 'month of issue', 'required': 'currency_code',
    },
    {
        'name': 'accrued_revenue', 'mart': 'revenue_monthly', 'expression': "sum(accrued_amount)",
        'definition': "Invoices issued without tax and after discount: revenue on the accrual basis, before credits given.",
        'groupings': 'month_start_date, client_id, client_name, business_id, business_name', 'filter': '', 'time': 'month of issue', 'required': 'currency_code',
    },
    {
        'name': 'net_revenue', 'mart': 'revenue_monthly', 'expression': "sum(net_revenue_amount)",
        'definition': "Revenue without tax on the accrual basis, less credits given and with other income, before costs of goods sold.",
        'groupings': 'month_start_date, client_id, client_name, business_id, business_name', 'filter': '', 'time': 'month of issue', 'required': 'currency_code',
    },
    {
        'name': 'collected', 'mart': 'revenue_monthly', 'expression': "sum(collected_amount)",
        'definition': "Payments of invoices that are new money; credits applied and payments of deleted invoices don't count.",
        'groupings': 'month_start_date, client_id, client_name, business_id, business_name', 'filter': '', 'time': 'month of payment', 'required': 'currency_code',
    },
    {
        'name': 'net_cash', 'mart': 'cash_monthly', 'expression': "sum(net_cash_amount)",
        'definition': "Money in less money out.",
        'groupings': 'month_start_date, business_id, business_name', 'filter': '', 'time': 'month of payment', 'required': 'currency_code',
    },
    {
        'name': 'expenses', 'mart': 'expense_categories', 'expression': "sum(total_amount)",
        'definition': "Expenses, tax included.",
        'groupings': 'month_start_date, category_path, business_id, business_name', 'filter': '', 'time': 'month of the expense', 'required': 'currency_code',
    },
    {
        'name': 'payables', 'mart': 'ap_aging', 'expression': "sum(outstanding_amount)",
        'definition': "Unpaid amount of bills as of as_of_date; bills kept in Bill Pay cannot be read (fb_gaps).",
        'groupings': 'business_id, business_name, vendor_id, vendor_name, aging_bucket', 'filter': "is_latest", 'time': 'as of as_of_date', 'required': 'currency_code',
    },
    {
        'name': 'unbilled_time_value', 'mart': 'unbilled_time', 'expression': "sum(unbilled_amount)",
        'definition': "Value of billable time that is not billed, where the rate is known.",
        'groupings': 'business_id, business_name, client_id, client_name, project_id, project_name, identity_id, person_name, service_id, service_name', 'filter': '', 'time': 'now', 'required': 'currency_code',
    },
    {
        'name': 'unbilled_hours', 'mart': 'unbilled_time', 'expression': "sum(hours)",
        'definition': "Billable hours that are not billed; no money.",
        'groupings': 'business_id, business_name, client_id, client_name, project_id, project_name, identity_id, person_name, service_id, service_name', 'filter': '', 'time': 'now', 'required': '',
    },
    {
        'name': 'hours', 'mart': 'time_entries', 'expression': "sum(hours)",
        'definition': "Logged hours; no money.",
        'groupings': 'business_id, business_name, entry_date, project_id, project_name, identity_id, person_name, client_id, client_name', 'filter': '', 'time': 'day of the entry', 'required': '',
    },
    {
        'name': 'pipeline', 'mart': 'estimates_pipeline', 'expression': "sum(total_amount)",
        'definition': "Estimates that are neither drafts nor invoiced.",
        'groupings': 'business_id, business_name, month_start_date, estimate_stage', 'filter': "estimate_stage not in ('draft', 'invoiced')", 'time': 'month of the estimate', 'required': 'currency_code',
    },
    {
        'name': 'estimates_converted', 'mart': 'estimates_pipeline', 'expression': "sum(converted_amount)",
        'definition': "Estimates that became an invoice.",
        'groupings': 'business_id, business_name, month_start_date', 'filter': '', 'time': 'month of the estimate', 'required': 'currency_code',
    },
    {
        'name': 'net_profit', 'mart': 'profit_and_loss', 'expression': "sum(line_amount)",
        'definition': "Net profit as FreshBooks' own profit and loss states it on the accrual basis.",
        'groupings': 'start_date, business_id, business_name', 'filter': "section = 'net profit' and basis = 'accrual'", 'time': 'month', 'required': 'currency_code',
    },
] %}
with

constant as (
    select
        1 as one,
        {{ json_constant(metrics) }} as metrics
),

elements as (
    {{ json_elements('constant', 'metrics', ['one']) }}
),

metrics as (
    select
        {{ json_text('element', 'name') }} as metric_name,
        {{ json_text('element', 'definition') }} as metric_definition,
        {{ json_text('element', 'mart') }} as mart_name,
        {{ json_text('element', 'expression') }} as sql_expression,
        {{ json_text('element', 'filter') }} as filter_expression,
        {{ json_text('element', 'groupings') }} as allowed_groupings,
        {{ json_text('element', 'time') }} as time_meaning,
        {{ json_text('element', 'required') }} as required_groupings
    from elements
)

select
    metric_name,
    metric_definition,
    mart_name,
    sql_expression,
    nullif(filter_expression, '') as filter_expression,
    nullif(required_groupings, '') as required_groupings,
    allowed_groupings,
    time_meaning,
    required_groupings <> '' as is_currency_required,
    'select '
    || case when required_groupings <> '' then required_groupings || ', ' else '' end
    || sql_expression || ' as ' || metric_name || ' from ' || mart_name
    || case when filter_expression <> '' then ' where ' || filter_expression else '' end
    || case when required_groupings <> '' then ' group by ' || required_groupings else '' end as example_sql
from metrics
