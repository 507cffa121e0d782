{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'estimateid': 'bigint', 'customerid': 'id',
    'create_date': 'date', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'estimateid'] %}
with

raw_estimates as (
    {{ raw_stream(
        'estimates', columns, required=key + ['create_date', 'updated_at_utc', 'is_deleted', 'is_archived']
    ) }}
),

newest as (
    {{ newest_version('raw_estimates', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    estimateid as estimate_id,
    customerid as client_id,
    create_date,
    updated_at_utc as updated_at,
    is_deleted,
    is_archived,
    unreadable_columns
from newest
