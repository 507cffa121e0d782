{% set period_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

postings as (
    select * from {{ ref('stg_freshbooks__journal_entry_details') }}
    where rejected_values is null and not is_deleted
),

reports as (
    select * from {{ ref('stg_freshbooks__report_general_ledger') }}
    where rejected_values is null
),

availability as (
    {{ availability(['journal_entry_details']) }}
),

-- Postings have no stamp of a change. Whoever reads them reads them all, so the newest reading is that of all.
readings as (
    select
        business_id,
        {{ month_start('posting_date') }} as posted_month,
        max(extracted_at) as read_at
    from postings
    group by business_id, {{ month_start('posting_date') }}
),

report_readings as (
    select
        reports.business_id,
        reports.end_date,
        reports.observed_at,
        max(readings.read_at) as read_at
    from reports
    inner join readings
        on
            reports.business_id = readings.business_id
            and (
                reports.end_date >= readings.posted_month
                or reports.end_date >= {{ last_month_start('reports.observed_at') }}
            )
    group by reports.business_id, reports.end_date, reports.observed_at
),

current_reports as (
    select reports.*
    from reports
    inner join availability
        on reports.business_id = availability.business_id
    left join readings
        on reports.business_id = readings.business_id
    left join changes
        on reports.business_id = changes.business_id
    where
        {{ are_available(['journal_entry_details']) }}
        and (changes.changed_at is null or changes.changed_at <= reports.observed_at)
        and (changes.changed_at is null or readings.read_at is null or changes.changed_at <= readings.read_at)
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
