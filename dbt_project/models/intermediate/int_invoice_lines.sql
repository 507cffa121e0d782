{{ config(
    materialized=fact_materialization(),
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_renewed(ref('stg_freshbooks__invoices'), {'account_id': 'account_id', 'business_id': 'business_id', 'invoice_id': 'invoice_id'}) }}"
) }}
{% set texts = {
    'line_id': 'lineid', 'line_type': 'type', 'project_id': 'modern_project_id', 'expense_id': 'expenseid',
    'line_name': 'name', 'description': 'description', 'quantity': 'qty', 'unit_cost': 'unit_cost.amount',
    'amount': 'amount.amount', 'amount_currency_code': 'amount.code', 'tax1_name': 'taxName1', 'tax2_name': 'taxName2',
    'tax1_percent': 'taxAmount1', 'tax2_percent': 'taxAmount2', 'is_tax2_compound': 'compounded_tax',
} %}
{% set entries = [
    ['amount', money('amount') ~ ' is null', "unreadable", 'amount'],
    ['amount', 'upper(amount_currency_code) <> currency_code', "two_currencies", 'amount_currency_code'],
    ['quantity', try_decimal('quantity') ~ " is null and trim(quantity) <> ''", "unreadable", 'quantity'],
    ['unit_cost', try_decimal('unit_cost') ~ " is null and trim(unit_cost) <> ''", "unreadable", 'unit_cost'],
    [
        'tax1_percent', bounded_decimal('tax1_percent', 'percent') ~ " is null and trim(tax1_percent) <> ''",
        "unreadable", 'tax1_percent'
    ],
    [
        'tax2_percent', bounded_decimal('tax2_percent', 'percent') ~ " is null and trim(tax2_percent) <> ''",
        "unreadable", 'tax2_percent'
    ],
] %}
with

documents as (
    select * from {{ by_invoice(ref('stg_freshbooks__invoices')) }}
    where rejected_values is null
),

invoices as (
    select * from documents
    {{ where_absent(
        'documents', {'account_id': 'account_id', 'business_id': 'business_id', 'invoice_id': 'invoice_id'}
    ) }}
),

-- Lines belong to the version of the invoice they came with: no line outlives an edit of its invoice.
texts as (
    {{ json_rows(
        'invoices', 'lines',
        ['account_id', 'business_id', 'invoice_id', 'currency_code', 'discount_percent', 'is_deleted', 'extracted_at'],
        texts
    ) }}
),

-- A line whose amount cannot be read, or is in another currency, is shown without one; fb_reconciliation then says
-- that its invoice does not add up.
lines as (
    select
        account_id,
        business_id,
        invoice_id,
        element_number as line_number,
        cast({{ try_decimal('line_id', 18, 0) }} as bigint) as line_id,
        cast({{ try_decimal('line_type', 18, 0) }} as bigint) as line_type,
        nullif(cast({{ try_decimal('project_id', 18, 0) }} as bigint), 0) as project_id,
        nullif(cast({{ try_decimal('expense_id', 18, 0) }} as bigint), 0) as expense_id,
        nullif(trim(line_name), '') as line_name,
        nullif(trim(description), '') as description,
        {{ try_decimal('quantity') }} as quantity,
        {{ try_decimal('unit_cost') }} as unit_cost,
        currency_code,
        case when coalesce(upper(amount_currency_code), currency_code) = currency_code then {{ money('amount') }} end
            as amount,
        discount_percent,
        nullif(trim(tax1_name), '') as tax1_name,
        nullif(trim(tax2_name), '') as tax2_name,
        -- On lines these hold a percent, despite the name (freshbooks-api.md 5).
        coalesce({{ bounded_decimal('tax1_percent', 'percent') }}, 0) as tax1_percent,
        coalesce({{ bounded_decimal('tax2_percent', 'percent') }}, 0) as tax2_percent,
        coalesce(is_tax2_compound = 'true', false) as is_tax2_compound,
        is_deleted,
        extracted_at,
        case
            when not is_deleted and ({{ row_conditions(entries) }})
                then {{ row_entries(entries) }}
        end as replaced_values
    from texts
),

discounted as (
    select
        *,
        cast(amount * (100 - discount_percent) * 0.01 as {{ decimal(28, 8) }}) as discounted_amount
    from lines
),

tax1 as (
    select
        *,
        cast(discounted_amount * tax1_percent * 0.01 as {{ decimal(28, 10) }}) as tax1_amount
    from discounted
)

select
    *,
    cast(
        (discounted_amount + case when is_tax2_compound then tax1_amount else 0 end) * tax2_percent * 0.01
        as {{ decimal(28, 10) }}
    ) as tax2_amount
from tax1
