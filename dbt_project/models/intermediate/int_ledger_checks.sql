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

readings as (
    {{ month_readings('postings', 'extracted_at') }}
),

whole_readings as (
    {{ whole_readings() }}
),

report_readings as (
    {{ readings_of_reports('general_ledgers') }}
),

reports as (
    select
        {% for column in period_key %}
            general_ledgers.{{ column }},
        {% endfor %}
        general_ledgers.data,
        {{ known_up_to('general_ledgers', 'report_readings.newest_read_at') }} as observed_at
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
