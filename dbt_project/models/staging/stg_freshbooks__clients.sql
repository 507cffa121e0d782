{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'userid': 'bigint', 'fname': 'string', 'lname': 'string',
    'organization': 'string', 'email': 'string', 'bus_phone': 'string', 'mob_phone': 'string',
    'home_phone': 'string', 'fax': 'string', 'p_street': 'string', 'p_street2': 'string', 'p_city': 'string',
    'p_province': 'string', 'p_code': 'string', 'p_country': 'string', 'language': 'string',
    'currency_code': 'currency', 'contacts': 'json_array', 'credit_balance': 'json_array',
    'outstanding_balance': 'json_array', 'note': 'string', 'vat_number': 'string',
    'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'userid'] %}
with

raw_clients as (
    {{ raw_stream('clients', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_clients', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    userid as client_id,
    coalesce(organization, nullif(trim(coalesce(fname, '') || ' ' || coalesce(lname, '')), ''), email) as client_name,
    organization,
    fname as first_name,
    lname as last_name,
    lower(email) as email,
    bus_phone as business_phone,
    mob_phone as mobile_phone,
    home_phone,
    fax,
    p_street as street,
    p_street2 as street2,
    p_city as city,
    p_province as province,
    p_code as postal_code,
    p_country as country,
    language as language_code,
    currency_code,
    {{ record_status('is_deleted', 'is_archived') }} as client_status,
    contacts,
    credit_balance,
    outstanding_balance,
    note,
    vat_number,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
