{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'billid': 'id', 'amount': 'money',
    'paid_date': 'date', 'payment_type': 'string', 'note': 'string', 'is_deleted': 'boolean',
    'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'id'] %}
with

raw_bill_payments as (
    {{ raw_stream(
        'bill_payments', columns, key,
        required=['amount', 'paid_date'],
        expected=['billid'],
        amounts=['amount']
    ) }}
),

-- No update stamp in the API: the latest extraction is the newest.
newest as (
    {{ newest_version('raw_bill_payments', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    id as bill_payment_id,
    billid as bill_id,
    paid_date as payment_date,
    amount,
    row_currency_code as currency_code,
    payment_type,
    note,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
