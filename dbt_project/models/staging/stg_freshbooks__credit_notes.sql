{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'creditid': 'bigint', 'credit_number': 'string',
    'credit_type': 'string', 'clientid': 'id', 'create_date': 'date', 'currency_code': 'string',
    'amount': 'money', 'paid': 'money', 'display_status': 'string', 'payment_status': 'string',
    'lines': 'json_array', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'creditid'] %}
with

raw_credit_notes as (
    {{ raw_stream(
        'credit_notes', columns, key,
        required=['clientid', 'create_date', 'amount', 'paid'],
        expected=['currency_code'],
        words={'credit_type': ['goodwill', 'overpayment', 'prepayment'], 'payment_status': ['unpaid', 'partial', 'paid']},
        currency='currency_code', amounts=['amount', 'paid']
    ) }}
),

-- The API gives credit notes no update stamp (freshbooks-api.md 3.6): the latest extraction is the newest.
newest as (
    {{ newest_version('raw_credit_notes', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    creditid as credit_id,
    credit_number,
    lower(credit_type) as credit_type,
    clientid as client_id,
    create_date,
    row_currency_code as currency_code,
    amount,
    paid as used_amount,
    payment_status,
    lines,
    coalesce(lower(display_status) = 'draft', false) as is_draft,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
