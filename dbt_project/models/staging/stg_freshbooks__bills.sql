{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'bill_number': 'string',
    'vendorid': 'id', 'issue_date': 'date', 'due_date': 'date', 'currency_code': 'string', 'amount': 'money',
    'total_amount': 'money', 'tax_amount': 'money', 'paid': 'money', 'outstanding': 'money',
    'status': 'string', 'overall_category': 'string', 'overall_description': 'string', 'vendor': 'json',
    'lines': 'json_array', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'id'] %}
with

raw_bills as (
    {{ raw_stream(
        'bills', columns,
        required=key + ['issue_date', 'due_date', 'total_amount', 'paid', 'outstanding', 'updated_at_utc', 'is_deleted', 'is_archived']
    ) }}
),

newest as (
    {{ newest_version('raw_bills', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    id as bill_id,
    bill_number,
    vendorid as vendor_id,
    {{ json_text('vendor', 'vendor_name') }} as vendor_name_on_bill,
    issue_date,
    due_date,
    coalesce(upper(currency_code), total_amount_currency_code) as currency_code,
    total_amount_currency_code,
    -- amount is before tax, total_amount with it (freshbooks-api.md 3.6).
    amount as amount_without_tax,
    coalesce(tax_amount, 0) as tax_amount,
    total_amount,
    paid as paid_amount,
    outstanding as outstanding_amount,
    lower(status) as status,
    overall_category as category_name,
    overall_description as description,
    lines,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    unreadable_columns
from newest
