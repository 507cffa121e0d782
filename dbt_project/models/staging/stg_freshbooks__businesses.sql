{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'name': 'string', 'active': 'boolean', 'status': 'string',
    'timezone': 'string', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
with

raw_businesses as (
    {{ raw_stream('businesses', columns, key=['business_id']) }}
),

newest as (
    {{ newest_version('raw_businesses', ['business_id'], '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    name as business_name,
    timezone as time_zone,
    {{ record_status('is_deleted', 'is_archived') }} as business_status,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
