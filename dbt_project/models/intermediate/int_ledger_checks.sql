{% set documents = ['invoices', 'payments', 'expenses', 'other_income', 'bills'] %}
{% set period_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

postings as (
    select * from {{ ref('stg_freshbooks__journal_entry_details') }}
    where rejected_values is null and not is_deleted
),

general_ledgers as (
    select * from {{ ref('stg_freshbooks__report_general_ledger') }}
    where rejected_values is null
),

{% for stream in documents %}
    {{ stream }} as (
        select * from {{ ref('stg_freshbooks__' ~ stream) }}
        where rejected_values is null
    ),
{% endfor %}

-- Postings have no stamp of a change, and those of older months are read weekly (docs/BEHAVIOR.md). So they are known
-- up to the last read of all of them, or to their own; those of the last two months up to the last read of any.
readings as (
    {{ month_readings('postings', 'extracted_at') }}
),

whole_readings as (
    select
        business_id,
        max(whole_read_at) as read_at
    from {{ ref('stg_freshbooks__stream_availability') }}
    where rejected_values is null and stream_name = 'journal_entry_details'
    group by business_id
),

report_readings as (
    {{ readings_of_reports('general_ledgers') }}
),

-- A document's change is in both the report and the postings, or in neither: what counts is the earlier of both reads.
reports as (
    select
        {% for column in period_key %}
            general_ledgers.{{ column }},
        {% endfor %}
        general_ledgers.data,
        least(
            general_ledgers.observed_at,
            greatest(
                coalesce(report_readings.newest_read_at, whole_readings.read_at, general_ledgers.observed_at),
                coalesce(whole_readings.read_at, report_readings.newest_read_at, general_ledgers.observed_at)
            )
        ) as observed_at
    from general_ledgers
    left join report_readings
        on
            general_ledgers.business_id = report_readings.business_id
            and general_ledgers.end_date = report_readings.end_date
            and general_ledgers.observed_at = report_readings.observed_at
    left join whole_readings
        on general_ledgers.business_id = whole_readings.business_id
),

current_reports as (
    {{ current_reports('reports', documents, ['journal_entry_details']) }}
),

account_elements as (
    {{ json_elements('current_reports', 'data', period_key) }}
),

posted as (
    select
        postings.account_id,
        postings.business_id,
        postings.currency_code,
        current_reports.start_date,
        current_reports.end_date,
        coalesce(
            {{ json_text('postings.account', 'account_number') }},
            {{ json_text('postings.account', 'account_name') }}
        ) as ledger_account,
        postings.debit_amount - postings.credit_amount as amount
    from postings
    inner join current_reports
        on {{ is_in_report('postings', 'posting_date') }}
),

sides as (
    select
        account_id,
        business_id,
        'general ledger' as check_name,
        currency_code,
        start_date,
        end_date,
        'account ' || coalesce(
            {{ json_text('element', 'account_number') }}, {{ json_text('element', 'account_name') }}
        ) as row_name,
        0 as our_amount,
        {{ money(json_text('element', 'debit.amount')) }} - {{ money(json_text('element', 'credit.amount')) }}
            as freshbooks_amount
    from account_elements
    union all
    select
        account_id,
        business_id,
        'general ledger' as check_name,
        currency_code,
        start_date,
        end_date,
        'account ' || ledger_account as row_name,
        amount as our_amount,
        0 as freshbooks_amount
    from posted
)

{{ compared_rows('sides') }}
