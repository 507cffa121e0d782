{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'accountid': 'bigint', 'account_name': 'string',
    'account_number': 'string', 'account_type': 'string', 'balance': 'decimal', 'currency_code': 'string',
    'sub_accounts': 'json_array', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'accountid'] %}
with

raw_journal_entry_accounts as (
    {{ raw_stream('journal_entry_accounts', columns, key) }}
),

-- No update stamp in the API: the latest extraction is the newest.
newest as (
    {{ newest_version('raw_journal_entry_accounts', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    accountid as ledger_account_id,
    account_name,
    account_number,
    lower(account_type) as account_type,
    cast(balance as {{ money_type() }}) as balance_amount,
    upper(currency_code) as currency_code,
    sub_accounts,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
