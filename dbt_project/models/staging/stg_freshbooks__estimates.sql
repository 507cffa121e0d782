{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'estimateid': 'bigint', 'estimate_number': 'string',
    'customerid': 'id', 'create_date': 'date', 'currency_code': 'string', 'amount': 'money',
    'discount_total': 'money', 'status': 'bigint', 'display_status': 'string', 'ui_status': 'string',
    'accepted': 'boolean', 'invoiced': 'boolean', 'modern_projectid': 'id', 'organization': 'string',
    'current_organization': 'string', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'estimateid'] %}
with

raw_estimates as (
    {{ raw_stream(
        'estimates', columns, key,
        required=['create_date', 'amount'],
        expected=['currency_code', 'updated_at_utc'],
        words={'status': ['1', '2', '3', '4', '5', '6']}, currency='currency_code', amounts=['amount', 'discount_total']
    ) }}
),

newest as (
    {{ newest_version('raw_estimates', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    estimateid as estimate_id,
    estimate_number,
    customerid as client_id,
    coalesce(current_organization, organization) as client_name_on_estimate,
    modern_projectid as project_id,
    create_date,
    row_currency_code as currency_code,
    amount,
    coalesce(discount_total, 0) as discount_amount,
    -- The two booleans are the surest; ui_status may be a word of its own, such as open (freshbooks-api.md 4.2).
    case
        when coalesce(invoiced, false) or status = 6 then 'invoiced'
        when coalesce(accepted, false) or status = 5 then 'accepted'
        when status = 4 then 'replied'
        when status = 3 then 'viewed'
        when status = 2 then 'sent'
        when status = 1 or lower(ui_status) = 'draft' or lower(display_status) = 'draft' then 'draft'
        else 'sent'
    end as estimate_stage,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
