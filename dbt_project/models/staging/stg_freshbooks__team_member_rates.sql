{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'identity_id': 'bigint', 'rate': 'rate',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['business_id', 'identity_id'] %}
with

raw_team_member_rates as (
    {{ raw_stream('team_member_rates', columns, key) }}
),

-- No update stamp in the API: the latest extraction is the newest.
newest as (
    {{ newest_version('raw_team_member_rates', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    identity_id,
    rate as hourly_rate_amount,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
