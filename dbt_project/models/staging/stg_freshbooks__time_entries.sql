{{ config(
    materialized=fact_materialization(),
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_renewed_rows('time_entries', {'business_id': 'business_id', 'time_entry_id': 'id'}) }}"
) }}
{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'identity_id': 'id',
    'is_logged': 'boolean', 'started_at': 'timestamp', 'created_at': 'timestamp', 'local_started_at': 'day',
    'local_timezone': 'string', 'duration': 'bigint', 'client_id': 'id', 'project_id': 'id',
    'service_id': 'id', 'task_id': 'id', 'retainer_id': 'id', 'note': 'string', 'billable': 'boolean', 'billed': 'boolean',
    'internal': 'boolean', 'observed_at': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['business_id', 'id'] %}
with

raw_time_entries as (
    {{ raw_stream(
        'time_entries', columns, key, expected=['started_at', 'observed_at'],
        rejected={
            'started_at': ['coalesce(local_started_at, cast(started_at as date), cast(created_at as date)) is null', 'missing'],
            'duration': [
                'coalesce(is_logged, false) and coalesce(duration not between 0 and 315360000, true)', 'unreadable'
            ],
        }
    ) }}
),

-- With freshbooks_incremental, what is kept already stays.
absent as (
    select * from raw_time_entries
    {{ where_absent('raw_time_entries', {'business_id': 'business_id', 'time_entry_id': 'id'}) }}
),

newest as (
    {{ newest_version('absent', key, 'observed_at') }}
)

select
    account_id,
    business_id,
    id as time_entry_id,
    identity_id,
    client_id,
    project_id,
    service_id,
    task_id,
    retainer_id,
    note,
    coalesce(is_logged, false) as is_logged,
    started_at,
    -- The day on the wall clock of the person (freshbooks-api.md 3.4).
    coalesce(local_started_at, cast(started_at as date), cast(created_at as date)) as entry_date,
    local_timezone as time_zone,
    duration as duration_seconds,
    coalesce(billable, false) as is_billable,
    coalesce(billed, false) as is_billed,
    coalesce(internal, false) as is_internal,
    observed_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
