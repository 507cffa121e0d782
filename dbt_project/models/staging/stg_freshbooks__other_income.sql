{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'incomeid': 'bigint', 'amount': 'money', 'date': 'date',
    'source': 'string', 'category_name': 'string', 'payment_type': 'string', 'note': 'string',
    'taxes': 'json_array', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'incomeid'] %}
with

raw_other_income as (
    {{ raw_stream(
        'other_income', columns, key,
        required=['amount', 'date'],
        expected=['updated_at_utc'],
        amounts=['amount']
    ) }}
),

newest as (
    {{ newest_version('raw_other_income', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    incomeid as income_id,
    date as income_date,
    row_currency_code as currency_code,
    amount,
    source,
    lower(category_name) as category_name,
    payment_type,
    note,
    taxes,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
