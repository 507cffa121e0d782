{{ config(
    materialized=fact_materialization(),
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_renewed_rows('expenses', {'account_id': 'account_id', 'business_id': 'business_id', 'expense_id': 'expenseid'}) }}"
) }}
{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'expenseid': 'bigint', 'date': 'date', 'amount': 'money',
    'taxName1': 'string', 'taxAmount1': 'money', 'taxName2': 'string', 'taxAmount2': 'money',
    'categoryid': 'id', 'clientid': 'id', 'modern_projectid': 'id',
    'invoiceid': 'id', 'staffid': 'id', 'account_name': 'string', 'has_receipt': 'boolean', 'isduplicate': 'boolean',
    'vendor': 'string', 'notes': 'string', 'status': 'bigint', 'billable': 'boolean',
    'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'expenseid'] %}
with

raw_expenses as (
    {{ raw_stream(
        'expenses', columns, key,
        required=['date', 'amount'],
        readable=['taxAmount1', 'taxAmount2'],
        expected=['updated_at_utc'],
        words={'status': ['0', '1', '2', '4']},
        amounts=['amount', 'taxAmount1', 'taxAmount2']
    ) }}
),

-- With freshbooks_incremental, what is kept already stays.
absent as (
    select * from raw_expenses
    {{ where_absent(
        'raw_expenses', {'account_id': 'account_id', 'business_id': 'business_id', 'expense_id': 'expenseid'}
    ) }}
),

newest as (
    {{ newest_version('absent', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    expenseid as expense_id,
    date as expense_date,
    row_currency_code as currency_code,
    -- The amount includes its taxes (freshbooks-api.md 5).
    amount as total_amount,
    cast(coalesce(taxamount1, 0) + coalesce(taxamount2, 0) as {{ money_type() }}) as tax_amount,
    taxname1 as tax1_name,
    coalesce(taxamount1, 0) as tax1_amount,
    taxname2 as tax2_name,
    coalesce(taxamount2, 0) as tax2_amount,
    categoryid as category_id,
    clientid as client_id,
    modern_projectid as project_id,
    invoiceid as invoice_id,
    staffid as staff_id,
    account_name,
    vendor,
    notes,
    status as status_code,
    coalesce(billable, false) as is_billable,
    coalesce(has_receipt, false) as has_receipt,
    coalesce(isduplicate, false) as is_possible_duplicate,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
