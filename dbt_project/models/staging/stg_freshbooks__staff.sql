{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'userid': 'bigint', 'fname': 'string', 'lname': 'string',
    'display_name': 'string', 'email': 'string', 'role': 'string', 'rate': 'rate',
    'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'userid'] %}
with

raw_staff as (
    {{ raw_stream('staff', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_staff', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    userid as staff_id,
    coalesce(display_name, nullif(trim(coalesce(fname, '') || ' ' || coalesce(lname, '')), '')) as full_name,
    lower(email) as email,
    role,
    rate as hourly_rate_amount,
    {{ record_status('is_deleted', 'is_archived') }} as staff_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
