{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'profileid': 'bigint', 'customerid': 'id',
    'create_date': 'date', 'frequency': 'string', 'numberRecurring': 'bigint',
    'occurrences_to_date': 'bigint', 'disable': 'boolean', 'currency_code': 'string', 'amount': 'money',
    'next_issue_date': 'date', 'due_offset_days': 'bigint', 'auto_bill': 'boolean', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'profileid'] %}
with

raw_invoice_profiles as (
    {{ raw_stream('invoice_profiles', columns, key, expected=['updated_at_utc']) }}
),

newest as (
    {{ newest_version('raw_invoice_profiles', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    profileid as invoice_profile_id,
    customerid as client_id,
    create_date,
    frequency,
    numberrecurring as planned_count,
    occurrences_to_date as occurrence_count,
    next_issue_date,
    due_offset_days,
    coalesce(disable, false) as is_disabled,
    coalesce(auto_bill, false) as is_autobilled,
    {{ known_currency('coalesce(upper(currency_code), amount_currency_code)') }} as currency_code,
    amount,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
