{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'categoryid': 'bigint', 'category': 'string',
    'parentid': 'id', 'is_cogs': 'boolean', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean',
    'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'categoryid'] %}
with

raw_expense_categories as (
    {{ raw_stream('expense_categories', columns, key, expected=['category', 'updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_expense_categories', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    categoryid as category_id,
    coalesce(category, 'Unnamed category') as category_name,
    -- A category that names itself as its parent is a root.
    nullif(parentid, categoryid) as parent_category_id,
    coalesce(is_cogs, false) as is_cogs,
    {{ record_status('is_deleted', 'is_archived') }} as category_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
