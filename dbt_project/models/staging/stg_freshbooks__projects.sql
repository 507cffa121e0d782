{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'title': 'string',
    'description': 'string', 'due_date': 'date', 'client_id': 'id', 'internal': 'boolean',
    'budget': 'decimal', 'fixed_price': 'decimal', 'rate': 'rate', 'billing_method': 'string',
    'project_type': 'string', 'complete': 'boolean', 'logged_duration': 'bigint', 'billed_amount': 'decimal',
    'billed_status': 'string', 'services': 'json_array', 'updated_at_utc': 'timestamp',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['business_id', 'id'] %}
with

raw_projects as (
    {{ raw_stream(
        'projects', columns, key,
        expected=['updated_at_utc'],
        words={
            'project_type': ['hourly_rate', 'fixed_price'],
            'billing_method': ['business_rate', 'project_rate', 'service_rate', 'team_member_rate'],
            'billed_status': ['unbilled', 'partially_billed', 'billed'],
        }
    ) }}
),

newest as (
    {{ newest_version('raw_projects', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    id as project_id,
    title as project_name,
    description,
    due_date,
    client_id,
    coalesce(internal, false) as is_internal,
    budget as budget_seconds,
    fixed_price as fixed_price_amount,
    rate as hourly_rate_amount,
    lower(billing_method) as billing_method,
    lower(project_type) as project_type,
    coalesce(complete, false) as is_complete,
    billed_amount,
    lower(billed_status) as billed_status,
    services,
    {{ record_status('is_deleted', 'is_archived') }} as project_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
