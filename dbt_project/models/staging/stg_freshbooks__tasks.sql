{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'taskid': 'bigint', 'name': 'string', 'tname': 'string',
    'description': 'string', 'billable': 'boolean', 'rate': 'money', 'tax1': 'id', 'tax2': 'id',
    'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'taskid'] %}
with

raw_tasks as (
    {{ raw_stream('tasks', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_tasks', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    taskid as task_id,
    coalesce(name, tname) as task_name,
    description,
    coalesce(billable, false) as is_billable,
    case when {{ is_currency('rate_currency_code') }} then rate end as rate_amount,
    {{ known_currency('rate_currency_code') }} as currency_code,
    {{ record_status('is_deleted', 'is_archived') }} as task_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
