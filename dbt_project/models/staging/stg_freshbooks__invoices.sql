{{ config(
    materialized=fact_materialization(),
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_renewed_rows('invoices', {'account_id': 'account_id', 'business_id': 'business_id', 'invoice_id': 'invoiceid'}) }}"
) }}
{% set columns = {
    'account_id': 'string', 'business_id': 'bigint', 'invoiceid': 'bigint', 'invoice_number': 'string',
    'customerid': 'id', 'create_date': 'date', 'due_date': 'date', 'due_offset_days': 'bigint', 'date_paid': 'date',
    'created_at': 'string', 'estimateid': 'id', 'parent': 'id', 'deposit_amount': 'money', 'deposit_status': 'string',
    'po_number': 'string', 'notes': 'string',
    'currency_code': 'string', 'amount': 'money', 'outstanding': 'money', 'paid': 'money',
    'discount_value': 'decimal', 'discount_total': 'money', 'discount': 'json', 'status': 'bigint', 'display_status': 'string',
    'v3_status': 'string', 'dispute_status': 'string', 'autobill_status': 'string', 'last_order_status': 'string',
    'organization': 'string', 'current_organization': 'string', 'fname': 'string',
    'lname': 'string', 'lines': 'json_array', 'updated_at_utc': 'timestamp', 'is_deleted': 'boolean',
    'is_archived': 'boolean',
} %}
{% set key = ['account_id', 'business_id', 'invoiceid'] %}
with

raw_invoices as (
    {{ raw_stream(
        'invoices', columns, key,
        required=['customerid', 'create_date', 'amount'],
        expected=['due_date', 'currency_code', 'outstanding', 'paid', 'updated_at_utc'],
        words={
            'deposit_status': ['none', 'unpaid', 'partial', 'paid', 'converted'],
            'v3_status': [
                'created', 'draft', 'sent', 'viewed', 'failed', 'retry', 'success', 'autopaid', 'auto-paid', 'paid',
                'partial', 'disputed', 'resolved', 'overdue', 'declined', 'pending', 'deposit_partial', 'deposit_paid',
                'deposit-partial', 'deposit-paid',
            ],
            'dispute_status': ['disputed', 'resolved'],
            'autobill_status': ['retry', 'failed', 'success'],
            'last_order_status': ['pending', 'declined', 'success'],
        },
        currency='currency_code', amounts=['amount', 'outstanding', 'paid', 'discount_total', 'deposit_amount'],
        rejected={'outstanding': ['paid is null and outstanding is null', 'missing']}
    ) }}
),

-- With freshbooks_incremental, what is kept already stays.
absent as (
    select * from raw_invoices
    {{ where_absent(
        'raw_invoices', {'account_id': 'account_id', 'business_id': 'business_id', 'invoice_id': 'invoiceid'}
    ) }}
),

newest as (
    {{ newest_version('absent', key, 'updated_at_utc') }}
)

select
    account_id,
    business_id,
    invoiceid as invoice_id,
    invoice_number,
    customerid as client_id,
    coalesce(
        current_organization,
        organization,
        nullif(trim(coalesce(fname, '') || ' ' || coalesce(lname, '')), '')
    ) as client_name_on_invoice,
    create_date,
    coalesce(due_date, {{ add_days('create_date', 'due_offset_days') }}) as due_date,
    date_paid as paid_date,
    -- Wall time of New York as FreshBooks sends it: its day is only compared with the connection's start.
    substring(created_at, 1, 10) as created_day,
    estimateid as estimate_id,
    parent as invoice_profile_id,
    po_number,
    notes,
    deposit_amount,
    lower(deposit_status) as deposit_status,
    row_currency_code as currency_code,
    amount,
    cast(coalesce(paid, amount - outstanding) as {{ money_type() }}) as paid_amount,
    cast(coalesce(outstanding, amount - paid) as {{ money_type() }}) as outstanding_amount,
    -- A flat discount has no percent: its value is an amount (freshbooks-api.md 3.6).
    case
        when
            coalesce(lower({{ json_text('discount', 'type') }}), 'percent') = 'percent'
            and discount_value between 0 and 100
            then discount_value
        else 0
    end as discount_percent,
    coalesce(discount_total, 0) as discount_amount,
    status as status_code,
    lower(display_status) as display_status,
    lower(v3_status) as v3_status,
    -- The word as FreshBooks sends it; where it sends none, that of its number (freshbooks-api.md 4.1).
    coalesce(
        lower(v3_status),
        case status
            when 0 then 'disputed'
            when 1 then 'draft'
            when 2 then 'sent'
            when 3 then 'viewed'
            when 4 then 'paid'
            when 5 then 'autopaid'
            when 6 then 'retry'
            when 7 then 'failed'
            when 8 then 'partial'
        end
    ) as freshbooks_status,
    lower(dispute_status) as dispute_status,
    lower(autobill_status) as autobill_status,
    lower(last_order_status) as last_order_status,
    -- v3_status follows payments, the number does not (freshbooks-api.md 4.1); 1 is draft.
    coalesce(lower(v3_status) = 'draft', status = 1, false) as is_draft,
    lines,
    updated_at_utc as updated_at,
    _airbyte_extracted_at as extracted_at,
    is_deleted,
    is_archived,
    rejected_values,
    replaced_values,
    loader_changes
from newest
