{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'currency_code': 'currency', 'end_date': 'date',
    'accounts': 'json_array', 'observed_at': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'currency_code', 'end_date'] %}
with

raw_report_chart_of_accounts as (
    {{ raw_stream('report_chart_of_accounts', columns, key, expected=['observed_at']) }}
),

newest as (
    {{ newest_version('raw_report_chart_of_accounts', key, 'observed_at') }}
)

select
    account_id,
    business_id,
    currency_code,
    end_date,
    accounts,
    observed_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
