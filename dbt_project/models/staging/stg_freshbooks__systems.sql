{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'systemid': 'bigint', 'name': 'string',
    'currency_code': 'string', 'timezone': 'string', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'systemid'] %}
with

raw_systems as (
    {{ raw_stream('systems', columns, required=key + ['is_deleted', 'is_archived']) }}
),

-- No update stamp in the API: the latest extraction is the newest.
newest as (
    {{ newest_version('raw_systems', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    systemid as system_id,
    name as system_name,
    upper(currency_code) as base_currency_code,
    timezone as time_zone,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    unreadable_columns
from newest
