{% set needed = ['invoices', 'invoice_profiles', 'bills', 'expenses'] %}
with

weeks as (
    {{ forecast_weeks() }}
),

invoices as (
    select * from {{ ref('int_expected_invoices') }}
),

recurring as (
    select * from {{ ref('int_expected_recurring') }}
),

bills as (
    select * from {{ ref('int_bills') }}
    where is_open
),

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
    where rejected_values is null and not is_deleted
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

bill_pay as (
    select * from {{ ref('int_bill_pay') }}
),

availability as (
    {{ availability(needed) }}
),

-- What has a day of its own.
dated as (
    select
        account_id,
        business_id,
        currency_code,
        'open invoices' as cash_source,
        expected_date,
        expected_basis,
        outstanding_amount as amount
    from invoices
    where is_open and expected_date is not null
    union all
    select
        account_id,
        business_id,
        currency_code,
        'recurring invoices' as cash_source,
        expected_date,
        expected_basis,
        total_amount as amount
    from recurring
    union all
    select
        account_id,
        business_id,
        currency_code,
        'bills' as cash_source,
        coalesce(due_date, issue_date) as expected_date,
        case when bill_status = 'overdue' then 'overdue' else 'due date' end as expected_basis,
        outstanding_amount as amount
    from bills
),

-- What should have come or gone by the as-of day is expected in the first week.
by_week as (
    select
        dated.account_id,
        dated.business_id,
        dated.currency_code,
        dated.cash_source,
        weeks.week_start_date,
        sum(dated.amount) as amount,
        count(*) as document_count,
        sum(case when dated.expected_basis = 'habit of the client' then 1 else 0 end) as client_count,
        sum(case when dated.expected_basis = 'habit of all clients' then 1 else 0 end) as business_count,
        sum(case when dated.expected_basis = 'due date' then 1 else 0 end) as due_count,
        sum(case when dated.expected_basis = 'day of issue' then 1 else 0 end) as charged_count,
        sum(case when dated.expected_basis = 'overdue' then 1 else 0 end) as overdue_count
    from dated
    inner join weeks
        on
            weeks.as_of_date = {{ as_of_date('dated.business_id') }}
            and (
                {{ week_start('dated.expected_date') }} = weeks.week_start_date
                or (weeks.week_number = 1 and dated.expected_date < weeks.week_start_date)
            )
    group by dated.account_id, dated.business_id, dated.currency_code, dated.cash_source, weeks.week_start_date
),

-- Of the invoices that were late 13 weeks ago, how many are paid.
late_before as (
    select
        account_id,
        business_id,
        count(*) as late_count,
        count(paid_date) as paid_count
    from invoices
    where
        create_date <= {{ forecast_learning_day() }}
        and last_expected_date <= {{ forecast_learning_day() }}
        and (is_open or paid_date > {{ forecast_learning_day() }})
    group by account_id, business_id
),

late_now as (
    select
        account_id,
        business_id,
        currency_code,
        sum(outstanding_amount) as amount,
        count(*) as document_count
    from invoices
    where is_open and expected_date is null
    group by account_id, business_id, currency_code
),

recent_expenses as (
    select
        account_id,
        business_id,
        currency_code,
        sum(total_amount) as amount,
        count(*) as document_count
    from expenses
    where expense_date > {{ forecast_learning_day() }} and expense_date <= {{ as_of_date() }}
    group by account_id, business_id, currency_code
),

rows_of_weeks as (
    select
        account_id,
        business_id,
        currency_code,
        cash_source,
        week_start_date,
        document_count,
        case when cash_source = 'bills' then 0 else amount end as money_in,
        case when cash_source = 'bills' then amount else 0 end as money_out,
        {{ counted_words({
            'client_count': 'by the habit of the client',
            'business_count': 'by the habit of all clients',
            'charged_count': 'charged on the day of issue',
            'due_count': 'by the due date',
            'overdue_count': 'overdue',
        }) }} as basis_of_figure
    from by_week
    union all
    select
        late_now.account_id,
        late_now.business_id,
        late_now.currency_code,
        'late invoices' as cash_source,
        weeks.week_start_date,
        late_now.document_count,
        {{ money_quotient(
            'late_now.amount * late_before.paid_count * weeks.day_count',
            '(late_before.late_count * ' ~ forecast_days() ~ ')',
            'late_now.currency_code'
        ) }} as money_in,
        case when late_before.late_count > 0 then 0 end as money_out,
        case
            when late_before.late_count > 0
                then
                    'spread over 13 weeks: of ' || {{ as_text('late_before.late_count') }}
                    || ' late 13 weeks ago, ' || {{ as_text('late_before.paid_count') }} || ' paid since'
            else 'unknown: none was late 13 weeks ago'
        end as basis_of_figure
    from late_now
    inner join weeks
        on weeks.as_of_date = {{ as_of_date('late_now.business_id') }}
    left join late_before
        on
            late_now.account_id = late_before.account_id
            and late_now.business_id = late_before.business_id
    union all
    select
        recent_expenses.account_id,
        recent_expenses.business_id,
        recent_expenses.currency_code,
        'expenses' as cash_source,
        weeks.week_start_date,
        recent_expenses.document_count,
        0 as money_in,
        {{ money_quotient(
            'recent_expenses.amount * weeks.day_count', forecast_days(), 'recent_expenses.currency_code'
        ) }} as money_out,
        'average of the last 13 weeks' as basis_of_figure
    from recent_expenses
    inner join weeks
        on weeks.as_of_date = {{ as_of_date('recent_expenses.business_id') }}
)

select
    rows_of_weeks.account_id,
    rows_of_weeks.business_id,
    businesses.business_name,
    rows_of_weeks.week_start_date,
    rows_of_weeks.currency_code,
    rows_of_weeks.cash_source,
    {{ as_of_date('rows_of_weeks.business_id') }} as as_of_date,
    cast(rows_of_weeks.money_in as {{ money_type() }}) as money_in_amount,
    cast(rows_of_weeks.money_out as {{ money_type() }}) as money_out_amount,
    cast(rows_of_weeks.money_in - rows_of_weeks.money_out as {{ money_type() }}) as net_cash_amount,
    cast(rows_of_weeks.document_count as bigint) as document_count,
    rows_of_weeks.basis_of_figure,
    coalesce(
        {{ gap_reason(dict.fromkeys(needed, 'true')) }},
        case when bill_pay.business_id is not null then 'Not complete: bills that are kept in Bill Pay.' end
    ) as gap_reason
from rows_of_weeks
left join businesses
    on rows_of_weeks.business_id = businesses.business_id
left join availability
    on rows_of_weeks.business_id = availability.business_id
left join bill_pay
    on rows_of_weeks.business_id = bill_pay.business_id
-- Without invoices nobody knows how clients pay.
where rows_of_weeks.cash_source <> 'recurring invoices' or {{ are_available(['invoices']) }}
