{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'systemid': 'bigint', 'name': 'string',
    'currency_code': 'currency', 'timezone': 'string', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'systemid'] %}
with

raw_systems as (
    {{ raw_stream('systems', columns, key, expected=['currency_code']) }}
),

-- No update stamp in the API: the latest extraction is the newest.
newest as (
    {{ newest_version('raw_systems', key, '_airbyte_extracted_at') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by account_id, business_id
            order by
                case when rejected_values is null then 0 else 1 end asc,
                is_deleted asc,
                is_archived asc,
                systemid asc
        ) as place
    from newest
)

select
    account_id,
    business_id,
    systemid as system_id,
    name as system_name,
    currency_code as base_currency_code,
    timezone as time_zone,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    -- A business has one base currency: of two systems, one speaks for it.
    case
        when place > 1
            then coalesce(rejected_values || chr(10), '') || 'systemid second_of_business ' || {{ as_text('systemid') }}
        else rejected_values
    end as rejected_values,
    replaced_values,
    loader_changes
from ranked
