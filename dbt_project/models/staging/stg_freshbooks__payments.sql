{{ config(
    materialized=fact_materialization(),
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_renewed_rows('payments', {'account_id': 'account_id', 'business_id': 'business_id', 'payment_id': 'id'}) }}"
) }}
{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'id': 'bigint', 'invoiceid': 'id', 'clientid': 'id',
    'creditid': 'id', 'overpaymentid': 'id', 'date': 'date', 'amount': 'money', 'type': 'string',
    'from_credit': 'boolean', 'note': 'string', 'gateway': 'string', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'id'] %}
with

raw_payments as (
    {{ raw_stream(
        'payments', columns, key,
        required=['date', 'amount'],
        expected=['updated_at_utc'],
        amounts=['amount']
    ) }}
),

-- With freshbooks_incremental, what is kept already stays.
absent as (
    select * from raw_payments
    {{ where_absent(
        'raw_payments', {'account_id': 'account_id', 'business_id': 'business_id', 'payment_id': 'id'}
    ) }}
),

newest as (
    {{ newest_version('absent', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    id as payment_id,
    invoiceid as invoice_id,
    clientid as client_id,
    creditid as credit_id,
    overpaymentid as overpayment_credit_id,
    date as payment_date,
    amount,
    row_currency_code as currency_code,
    type as payment_type,
    note,
    gateway,
    -- A payment out of a credit is no new money (freshbooks-api.md 3.6).
    coalesce(from_credit, false) or coalesce(lower(type) = 'credit', false) as is_from_credit,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
