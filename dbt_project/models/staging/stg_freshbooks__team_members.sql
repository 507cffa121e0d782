{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'uuid': 'string', 'identity_id': 'id',
    'first_name': 'string', 'last_name': 'string', 'email': 'string', 'job_title': 'string',
    'business_role_name': 'string', 'phone_number': 'string', 'updated_at_utc': 'timestamp',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['business_id', 'uuid'] %}
with

raw_team_members as (
    {{ raw_stream('team_members', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_team_members', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    uuid as team_member_uuid,
    identity_id,
    nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
    first_name,
    last_name,
    lower(email) as email,
    job_title,
    business_role_name as business_role,
    {{ record_status('is_deleted', 'is_archived') }} as member_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
