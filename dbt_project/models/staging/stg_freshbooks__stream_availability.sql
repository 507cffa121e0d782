{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'stream_name': 'string', 'status': 'string',
    'missing_scopes': 'string', 'errno': 'bigint', 'http_status': 'bigint', 'has_rows': 'boolean',
    'row_count': 'bigint', 'counted': 'bigint', 'rejected_rows': 'json_array', 'whole_read_at': 'timestamp',
    'observed_at': 'timestamp',
} %}
{% set key = ['business_id', 'stream_name'] %}
with

raw_stream_availability as (
    {{ raw_stream('stream_availability', columns, key, required=['status']) }}
),

newest as (
    {{ newest_version('raw_stream_availability', key, 'observed_at') }}
)

select
    account_id,
    business_id,
    lower(stream_name) as stream_name,
    lower(status) as status,
    missing_scopes,
    errno,
    http_status,
    has_rows,
    row_count,
    counted as counted_row_count,
    rejected_rows,
    whole_read_at,
    observed_at,
    _airbyte_extracted_at as extracted_at,
    rejected_values,
    replaced_values,
    loader_changes
from newest
