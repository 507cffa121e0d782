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

-- What a document's change does to the ledger: seen by both, or by neither.
changes as (
    select
        business_id,
        max(updated_at) as changed_at
    from (
        {% for stream in ['invoices', 'payments', 'expenses', 'other_income', 'bills'] %}
            {{ 'union all' if not loop.first }}
            select
                business_id,
                updated_at
            from {{ ref('stg_freshbooks__' ~ stream) }}
            where rejected_values is null
        {% endfor %}
    ) as stamps
    group by business_id
),

-- Postings have no stamp of a change, and those of older months are read weekly (docs/BEHAVIOR.md). So they are known
-- up to their own last reading; those of the last two months up to the last reading of any.
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
    left join report_readings
        on
            reports.business_id = report_readings.business_id
            and reports.end_date = report_readings.end_date
            and reports.observed_at = report_readings.observed_at
    left join changes
        on reports.business_id = changes.business_id
    where
        {{ are_available(['journal_entry_details']) }}
        and (changes.changed_at is null or changes.changed_at <= reports.observed_at)
        and (
            changes.changed_at is null
            or report_readings.read_at is null
            or changes.changed_at <= report_readings.read_at
        )
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
