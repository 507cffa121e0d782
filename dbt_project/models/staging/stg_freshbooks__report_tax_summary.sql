{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'currency_code': 'currency', 'start_date': 'date',
    'end_date': 'date', 'basis': 'string', 'cash_based': 'boolean', 'taxes': 'json_array', 'total_invoiced': 'money',
    'observed_at': 'timestamp', 'is_deleted': 'boolean', 'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

raw_report_tax_summary as (
    {{ raw_stream(
        'report_tax_summary', columns, key, expected=['observed_at'], words={'basis': ['accrual', 'cash']}
    ) }}
),

newest as (
    {{ newest_version('raw_report_tax_summary', key + [report_basis()], 'observed_at') }}
)

select
    account_id,
    business_id,
    currency_code,
    start_date,
    end_date,
    {{ report_basis() }} as basis,
    taxes,
    total_invoiced,
    observed_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
