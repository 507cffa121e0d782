{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'client_user_id': 'id',
    'invoice_profile_id': 'id', 'start_date': 'date', 'next_period_start_date': 'date', 'fee': 'decimal',
    'excess_rate': 'decimal', 'budgeted_time': 'bigint', 'active': 'boolean', 'observed_at': 'timestamp',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['business_id', 'id'] %}
with

raw_retainers as (
    {{ raw_stream('retainers', columns, key, expected=['observed_at']) }}
),

newest as (
    {{ newest_version('raw_retainers', key, 'observed_at') }}
)

select
    account_id,
    business_id,
    id as retainer_id,
    client_user_id as client_id,
    invoice_profile_id,
    start_date,
    next_period_start_date,
    fee,
    excess_rate,
    budgeted_time as budgeted_seconds,
    active as is_active,
    observed_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
