{{ config(
    materialized=fact_materialization(),
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_renewed_rows('journal_entry_details', {'account_id': 'account_id', 'business_id': 'business_id', 'posting_id': 'detailid'}) }}"
) }}
{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'detailid': 'bigint', 'name': 'string',
    'description': 'string', 'user_entered_date': 'date', 'detail_type': 'string', 'credit': 'money',
    'debit': 'money', 'balance': 'money', 'account': 'json', 'sub_account': 'json', 'entry': 'json',
    'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'detailid'] %}
with

raw_journal_entry_details as (
    {{ raw_stream(
        'journal_entry_details', columns, key,
        required=['user_entered_date'],
        readable=['debit', 'credit'],
        amounts=['debit', 'credit', 'balance']
    ) }}
),

-- No update stamp in the API: the latest extraction is the newest.
-- With freshbooks_incremental, what is kept already stays.
absent as (
    select * from raw_journal_entry_details
    {{ where_absent(
        'raw_journal_entry_details', {'account_id': 'account_id', 'business_id': 'business_id', 'posting_id': 'detailid'}
    ) }}
),

newest as (
    {{ newest_version('absent', key, '_airbyte_extracted_at') }}
)

select
    account_id,
    business_id,
    detailid as posting_id,
    user_entered_date as posting_date,
    name as posting_name,
    description,
    lower(detail_type) as posting_type,
    row_currency_code as currency_code,
    coalesce(debit, 0) as debit_amount,
    coalesce(credit, 0) as credit_amount,
    account,
    sub_account,
    entry,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
