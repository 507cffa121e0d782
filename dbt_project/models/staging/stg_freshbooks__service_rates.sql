{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'service_id': 'bigint', 'rate': 'rate',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['business_id', 'service_id'] %}
with

raw_service_rates as (
    {{ raw_stream('service_rates', columns, key) }}
),

-- No update stamp in the API: the latest extraction is the newest.
newest as (
    {{ newest_version('raw_service_rates', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    service_id,
    rate as hourly_rate_amount,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
