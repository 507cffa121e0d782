{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'itemid': 'bigint', 'name': 'string',
    'description': 'string', 'sku': 'string', 'qty': 'decimal', 'inventory': 'decimal', 'unit_cost': 'money',
    'tax1': 'id', 'tax2': 'id', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean',
    'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'itemid'] %}
with

raw_items as (
    {{ raw_stream('items', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_items', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    itemid as item_id,
    name as item_name,
    description,
    sku,
    qty as default_quantity,
    inventory as inventory_quantity,
    case when {{ is_currency('unit_cost_currency_code') }} then unit_cost end as unit_cost_amount,
    {{ known_currency('unit_cost_currency_code') }} as currency_code,
    tax1 as tax1_id,
    tax2 as tax2_id,
    {{ record_status('is_deleted', 'is_archived') }} as item_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
