{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'name': 'string', 'billable': 'boolean',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['business_id', 'id'] %}
with

raw_services as (
    {{ raw_stream('services', columns, key) }}
),

-- No update stamp in the API: the latest extraction is the newest.
newest as (
    {{ newest_version('raw_services', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    id as service_id,
    name as service_name,
    coalesce(billable, false) as is_billable,
    {{ record_status('is_deleted', 'is_archived') }} as service_status,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
