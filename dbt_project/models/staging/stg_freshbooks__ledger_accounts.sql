{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'uuid': 'string', 'name': 'string', 'number': 'string',
    'type': 'string', 'sub_type': 'string', 'parent_account': 'string', 'state': 'string',
    'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'uuid'] %}
with

raw_ledger_accounts as (
    {{ raw_stream('ledger_accounts', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_ledger_accounts', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    uuid as ledger_account_uuid,
    name as account_name,
    number as account_number,
    lower(type) as account_type,
    sub_type as account_sub_type,
    parent_account as parent_account_uuid,
    lower(state) as state,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
