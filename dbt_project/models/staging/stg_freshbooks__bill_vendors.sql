{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'vendorid': 'bigint', 'vendor_name': 'string',
    'currency_code': 'currency', 'primary_contact_email': 'string', 'phone': 'string', 'country': 'string',
    'is_1099': 'boolean', 'outstanding_balance': 'json_array', 'updated_at_utc': 'timestamp',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'vendorid'] %}
with

raw_bill_vendors as (
    {{ raw_stream('bill_vendors', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_bill_vendors', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    vendorid as vendor_id,
    vendor_name,
    currency_code,
    lower(primary_contact_email) as email,
    phone,
    country,
    coalesce(is_1099, false) as is_1099,
    outstanding_balance,
    {{ record_status('is_deleted', 'is_archived') }} as vendor_status,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
