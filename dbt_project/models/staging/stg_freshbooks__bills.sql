{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'bill_number': 'string',
    'vendorid': 'id', 'issue_date': 'date', 'due_date': 'date', 'due_offset_days': 'bigint', 'currency_code': 'string', 'amount': 'money',
    'total_amount': 'money', 'tax_amount': 'money', 'paid': 'money', 'outstanding': 'money',
    'status': 'string', 'overall_category': 'string', 'overall_description': 'string', 'vendor': 'json',
    'lines': 'json_array', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'id'] %}
with

raw_bills as (
    {{ raw_stream(
        'bills', columns, key,
        required=['issue_date', 'total_amount'],
        expected=['due_date', 'currency_code', 'paid', 'outstanding', 'updated_at_utc'],
        words={'status': ['unpaid', 'overdue', 'partial', 'paid']},
        currency='currency_code', amounts=['total_amount', 'amount', 'tax_amount', 'paid', 'outstanding'],
        rejected={'outstanding': ['paid is null and outstanding is null', 'missing']}
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
    coalesce(due_date, {{ add_days('issue_date', 'due_offset_days') }}) as due_date,
    row_currency_code as currency_code,
    -- amount is before tax, total_amount with it (freshbooks-api.md 3.6).
    cast(coalesce(amount, total_amount - tax_amount, total_amount) as {{ money_type() }}) as amount_without_tax,
    cast(coalesce(tax_amount, total_amount - amount, 0) as {{ money_type() }}) as tax_amount,
    total_amount,
    cast(coalesce(paid, total_amount - outstanding) as {{ money_type() }}) as paid_amount,
    cast(coalesce(outstanding, total_amount - paid) as {{ money_type() }}) as outstanding_amount,
    lower(status) as status,
    overall_category as category_name,
    overall_description as description,
    lines,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
