{# Per stream the column of the newest business day, where it has one. #}
{% set days = {
    'invoices': 'create_date', 'invoice_profiles': 'create_date', 'estimates': 'create_date',
    'payments': 'payment_date', 'credit_notes': 'create_date', 'expenses': 'expense_date', 'bills': 'issue_date',
    'bill_payments': 'payment_date', 'other_income': 'income_date', 'time_entries': 'entry_date',
    'journal_entry_details': 'posting_date',
} %}
{% set streams = [
    'businesses', 'systems', 'clients', 'invoices', 'invoice_profiles', 'estimates', 'payments', 'credit_notes',
    'expenses', 'expense_categories', 'items', 'taxes', 'tasks', 'bills', 'bill_vendors', 'bill_payments',
    'other_income', 'projects', 'time_entries', 'services', 'service_rates', 'team_members', 'team_member_rates',
    'staff', 'journal_entry_accounts', 'journal_entry_details', 'ledger_accounts', 'report_profit_and_loss',
    'report_balance_sheet', 'report_trial_balance', 'report_tax_summary', 'report_payments_collected',
    'report_accounts_aging', 'report_invoice_details', 'report_expense_details', 'report_item_sales',
    'report_revenue_by_client',
] %}
with

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

streams as (
    {% for stream in streams %}
        {{ 'union all' if not loop.first }}
        select
            '{{ stream }}' as stream_name,
            account_id,
            business_id,
            count(*) as row_count,
            sum(case when is_deleted then 1 else 0 end) as deleted_row_count,
            max(extracted_at) as last_extracted_at,
            max({{ 'end_date' if stream.startswith('report_') else days.get(stream, 'cast(null as date)') }})
                as newest_business_date
        from {{ ref('stg_freshbooks__' ~ stream) }}
        group by account_id, business_id
    {% endfor %}
),

named as (
    {% for stream in streams %}
        {{ 'union all' if not loop.first }}
        select
            '{{ stream }}' as stream_name,
            {{ 'true' if has_stream(stream) else 'false' }} as is_synced
    {% endfor %}
),

-- A stream without a row, synced or not, is shown too.
united as (
    select
        named.stream_name,
        named.is_synced,
        streams.account_id,
        streams.business_id,
        coalesce(streams.row_count, 0) as row_count,
        coalesce(streams.deleted_row_count, 0) as deleted_row_count,
        streams.last_extracted_at,
        streams.newest_business_date
    from named
    left join streams
        on named.stream_name = streams.stream_name
)

select
    united.account_id,
    united.business_id,
    businesses.business_name,
    united.stream_name,
    united.is_synced,
    cast(united.row_count as bigint) as row_count,
    cast(united.deleted_row_count as bigint) as deleted_row_count,
    united.last_extracted_at,
    united.newest_business_date,
    {{ as_of_date() }} as as_of_date,
    {{ constant_or_null('freshbooks_connector_version') }} as connector_version,
    {{ constant_or_null('freshbooks_generation', 'FRESHBOOKS_DBT_GENERATION') }} as generation
from united
left join businesses
    on united.business_id = businesses.business_id
