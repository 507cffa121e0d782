{{ config(
    materialized=fact_materialization(),
    incremental_strategy='append',
    pre_hook="{{ delete_renewed(ref('stg_freshbooks__invoices'), ['account_id', 'business_id', 'invoice_id']) }}"
) }}
{% set line = {
    'quantity': json_text('element', 'qty'), 'unit_cost': json_text('element', 'unit_cost.amount'),
    'amount': json_text('element', 'amount.amount'), 'tax1_percent': json_text('element', 'taxAmount1'),
    'tax2_percent': json_text('element', 'taxAmount2'),
} %}
with

invoices as (
    select * from {{ ref('stg_freshbooks__invoices') }} as documents
    {{ where_absent('documents', ['account_id', 'business_id', 'invoice_id']) }}
),

-- Lines belong to the version of the invoice they came with: no line outlives an edit of its invoice.
elements as (
    {{ json_elements(
        'invoices', 'lines',
        ['account_id', 'business_id', 'invoice_id', 'currency_code', 'discount_percent', 'is_deleted', 'extracted_at']
    ) }}
),

lines as (
    select
        account_id,
        business_id,
        invoice_id,
        element_number as line_number,
        cast({{ try_decimal(json_text('element', 'lineid'), 18, 0) }} as bigint) as line_id,
        cast({{ try_decimal(json_text('element', 'type'), 18, 0) }} as bigint) as line_type,
        nullif(cast({{ try_decimal(json_text('element', 'modern_project_id'), 18, 0) }} as bigint), 0) as project_id,
        nullif(cast({{ try_decimal(json_text('element', 'expenseid'), 18, 0) }} as bigint), 0) as expense_id,
        nullif(trim({{ json_text('element', 'name') }}), '') as line_name,
        nullif(trim({{ json_text('element', 'description') }}), '') as description,
        {{ try_decimal(line.quantity) }} as quantity,
        {{ try_decimal(line.unit_cost) }} as unit_cost,
        currency_code,
        upper({{ json_text('element', 'amount.code') }}) as amount_currency_code,
        {{ money(line.amount) }} as amount,
        discount_percent,
        nullif(trim({{ json_text('element', 'taxName1') }}), '') as tax1_name,
        nullif(trim({{ json_text('element', 'taxName2') }}), '') as tax2_name,
        -- On lines these hold a percent, despite the name (freshbooks-api.md 5).
        coalesce({{ try_decimal(line.tax1_percent) }}, 0) as tax1_percent,
        coalesce({{ try_decimal(line.tax2_percent) }}, 0) as tax2_percent,
        coalesce({{ json_text('element', 'compounded_tax') }} = 'true', false) as is_tax2_compound,
        is_deleted,
        extracted_at,
        case when {{ money(line.amount) }} is null then 'amount ' else '' end
        || {{ name_if_not_a_number('quantity', line.quantity) }}
        || {{ name_if_not_a_number('unit_cost', line.unit_cost) }}
        || {{ name_if_not_a_number('tax1_percent', line.tax1_percent) }}
        || {{ name_if_not_a_number('tax2_percent', line.tax2_percent) }} as unreadable_columns
    from elements
),

discounted as (
    select
        *,
        cast(amount * (100 - discount_percent) * 0.01 as decimal(28, 8)) as discounted_amount
    from lines
),

tax1 as (
    select
        *,
        cast(discounted_amount * tax1_percent * 0.01 as decimal(28, 10)) as tax1_amount
    from discounted
)

select
    *,
    cast(
        (discounted_amount + case when is_tax2_compound then tax1_amount else 0 end) * tax2_percent * 0.01
        as decimal(28, 10)
    ) as tax2_amount
from tax1
