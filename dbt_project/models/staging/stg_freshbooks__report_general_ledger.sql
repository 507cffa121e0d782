{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'currency_code': 'currency', 'start_date': 'date',
    'end_date': 'date', 'summary': 'json', 'data': 'json_array', 'observed_at': 'timestamp',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

raw_report_general_ledger as (
    {{ raw_stream('report_general_ledger', columns, key, expected=['observed_at']) }}
),

newest as (
    {{ newest_version('raw_report_general_ledger', key, 'observed_at') }}
)

select
    account_id,
    business_id,
    currency_code,
    start_date,
    end_date,
    summary,
    data,
    observed_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
