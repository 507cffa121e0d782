{% set documents = ['invoices', 'payments', 'expenses', 'other_income', 'bills'] %}
{% set statements = ['report_profit_and_loss', 'report_trial_balance', 'report_balance_sheet'] %}
{% set report_key = ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date'] %}
with

postings as (
    select * from {{ ref('stg_freshbooks__journal_entry_details') }}
    where rejected_values is null and not is_deleted
),

ledger_accounts as (
    select * from {{ ref('stg_freshbooks__journal_entry_accounts') }}
    where rejected_values is null and not is_deleted
),

{% for stream in documents + statements %}
    {{ stream }} as (
        select * from {{ ref('stg_freshbooks__' ~ stream) }}
        where rejected_values is null
    ),
{% endfor %}

account_types as (
    select
        account_id,
        business_id,
        account_number,
        max(account_type) as account_type
    from ledger_accounts
    group by account_id, business_id, account_number
),

daily as (
    select
        account_id,
        business_id,
        currency_code,
        posting_date,
        {{ json_text('account', 'account_number') }} as account_number,
        {{ json_text('account', 'account_name') }} as account_name,
        lower({{ json_text('account', 'account_type') }}) as account_type,
        sum(debit_amount - credit_amount) as amount,
        max(extracted_at) as read_at
    from postings
    group by
        account_id, business_id, currency_code, posting_date,
        {{ json_text('account', 'account_number') }}, {{ json_text('account', 'account_name') }},
        lower({{ json_text('account', 'account_type') }})
),

typed as (
    select
        daily.account_id,
        daily.business_id,
        daily.currency_code,
        daily.posting_date,
        daily.amount,
        coalesce(daily.account_number, daily.account_name) as ledger_account,
        coalesce(account_types.account_type, daily.account_type) as account_type,
        {{ is_cost_of_goods_sold('daily.account_name') }} as is_cogs
    from daily
    left join account_types
        on
            daily.account_id = account_types.account_id
            and daily.business_id = account_types.business_id
            and daily.account_number = account_types.account_number
),

statements as (
    {% for report in statements %}
        {{ 'union all' if not loop.first }}
        select
            account_id,
            business_id,
            currency_code,
            {{ 'cast(null as date) as start_date' if report == 'report_balance_sheet' else 'start_date' }},
            end_date,
            '{{ report[7:] | replace('_', ' ') }}' as report_name,
            {{ 'total_income' if report == 'report_profit_and_loss' else 'null as total_income' }},
            {{ 'total_expenses' if report == 'report_profit_and_loss' else 'null as total_expenses' }},
            {{ 'null' if report == 'report_profit_and_loss' else 'data' }} as report_rows,
            observed_at
        from {{ report }}
        {{ "where basis = 'accrual'" if report == 'report_profit_and_loss' }}
    {% endfor %}
),

readings as (
    {{ month_readings('daily', 'read_at') }}
),

whole_readings as (
    {{ whole_readings() }}
),

statement_readings as (
    {{ readings_of_reports('statements') }}
),

-- A balance stands on all months before it too, so there the month that was read first counts.
read_statements as (
    select
        statements.*,
        case
            when statements.report_name = 'profit and loss' then statement_readings.newest_read_at
            else statement_readings.oldest_read_at
        end as read_at
    from statements
    left join statement_readings
        on
            statements.business_id = statement_readings.business_id
            and statements.end_date = statement_readings.end_date
            and statements.observed_at = statement_readings.observed_at
),

reports as (
    select
        {% for column in report_key %}
            read_statements.{{ column }},
        {% endfor %}
        read_statements.report_name,
        read_statements.total_income,
        read_statements.total_expenses,
        read_statements.report_rows,
        {{ known_up_to('read_statements', 'read_statements.read_at') }} as observed_at
    from read_statements
    left join whole_readings
        on read_statements.business_id = whole_readings.business_id
),

current_reports as (
    {{ current_reports('reports', documents, ['journal_entry_details', 'journal_entry_accounts']) }}
),

-- Income and expenses are those of the period; earlier ones have become equity, for which the ledger has no postings.
-- So equity is one row.
posted as (
    select
        {% for column in report_key %}
            current_reports.{{ column }},
        {% endfor %}
        current_reports.report_name,
        case
            when current_reports.report_name = 'profit and loss' and typed.account_type = 'income' then 'total income'
            when current_reports.report_name = 'profit and loss' and typed.is_cogs then 'total income'
            when current_reports.report_name = 'profit and loss' then 'total expenses'
            when
                typed.account_type = 'equity'
                or (
                    typed.account_type in ('income', 'expense')
                    and coalesce(typed.posting_date < current_reports.start_date, true)
                )
                then 'equity with earlier earnings'
            else 'account ' || typed.ledger_account
        end as row_name,
        typed.amount
    from current_reports
    inner join typed
        on
            current_reports.account_id = typed.account_id
            and current_reports.business_id = typed.business_id
            and current_reports.currency_code = typed.currency_code
            and current_reports.end_date >= typed.posting_date
    where
        current_reports.report_name <> 'profit and loss'
        or (
            typed.account_type in ('income', 'expense')
            and current_reports.start_date <= typed.posting_date
        )
),

current_trial_balances as (
    select * from current_reports
    where report_name = 'trial balance'
),

current_balance_sheets as (
    select * from current_reports
    where report_name = 'balance sheet'
),

trial_balance_rows as (
    {{ json_rows('current_trial_balances', 'report_rows', report_key, {
        'account_number': 'account_number', 'account_name': 'account_name', 'debit': 'debit.amount', 'credit': 'credit.amount',
    }) }}
),

section_elements as (
    {{ json_elements('current_balance_sheets', 'report_rows', report_key) }}
),

sections as (
    select
        {{ report_key | join(',\n        ') }},
        lower({{ json_text('element', 'account_type') }}) as account_type,
        {{ json_part('element', 'balances') }} as balances,
        {{ json_part('element', 'accounts') }} as account_rows
    from section_elements
),

account_elements as (
    {{ json_elements('sections', 'account_rows', report_key + ['account_type']) }}
),

balance_sheet_lines as (
    select
        {{ report_key | join(',\n        ') }},
        account_type,
        'equity with earlier earnings' as row_name,
        balances
    from sections
    where account_type = 'equity'
    union all
    select
        {{ report_key | join(',\n        ') }},
        account_type,
        'account ' || coalesce(
            {{ json_text('element', 'account_number') }}, {{ json_text('element', 'account_name') }}
        ) as row_name,
        {{ json_part('element', 'balances') }} as balances
    from account_elements
    where account_type <> 'equity'
),

balance_sheet_rows as (
    {{ json_rows('balance_sheet_lines', 'balances', report_key + ['account_type', 'row_name'], {
        'balance_day': 'date', 'balance': 'balance.amount',
    }) }}
),

sides as (
    select
        {{ report_key | join(',\n        ') }},
        report_name || ' from the ledger' || case row_name
            when 'total income' then ', income'
            when 'total expenses' then ', expenses'
            else ''
        end as check_name,
        row_name,
        case when row_name = 'total income' then -amount else amount end as our_amount,
        0 as freshbooks_amount
    from posted
    {% for side in ['income', 'expenses'] %}
        union all
        select
            {{ report_key | join(', ') }},
            'profit and loss from the ledger, {{ side }}' as check_name,
            'total {{ side }}' as row_name,
            0 as our_amount,
            {{ money(json_text('total_' ~ side, 'total.amount')) }} as freshbooks_amount
        from current_reports
        where report_name = 'profit and loss'
    {% endfor %}
    union all
    select
        {% for column in report_key %}
            trial_balance_rows.{{ column }},
        {% endfor %}
        'trial balance from the ledger' as check_name,
        case
            when account_types.account_type = 'equity' then 'equity with earlier earnings'
            else 'account ' || coalesce(trial_balance_rows.account_number, trial_balance_rows.account_name)
        end as row_name,
        0 as our_amount,
        {{ money('trial_balance_rows.debit', 'trial_balance_rows.currency_code') }}
        - {{ money('trial_balance_rows.credit', 'trial_balance_rows.currency_code') }} as freshbooks_amount
    from trial_balance_rows
    left join account_types
        on
            trial_balance_rows.account_id = account_types.account_id
            and trial_balance_rows.business_id = account_types.business_id
            and trial_balance_rows.account_number = account_types.account_number
    union all
    select
        {{ report_key | join(',\n        ') }},
        'balance sheet from the ledger' as check_name,
        row_name,
        0 as our_amount,
        case when account_type = 'asset' then 1 else -1 end * {{ money('balance') }} as freshbooks_amount
    from balance_sheet_rows
    where balance_day = {{ as_text('end_date') }}
)

{{ compared_rows('sides') }}
