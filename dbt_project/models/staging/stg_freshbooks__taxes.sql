{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'taxid': 'bigint', 'name': 'string', 'amount': 'percent',
    'number': 'string', 'compound': 'boolean', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean',
    'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'taxid'] %}
with

raw_taxes as (
    {{ raw_stream('taxes', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_taxes', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    taxid as tax_id,
    name as tax_name,
    -- A percent, despite the name (freshbooks-api.md 3.6).
    amount as tax_percent,
    number as tax_number,
    coalesce(compound, false) as is_compound,
    {{ record_status('is_deleted', 'is_archived') }} as tax_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
