{# Periods that are looked ahead: the horizon has fewer days. #}
{% set horizon = 100 %}
with

digits as (
    {{ digits() }}
),

numbers as (
    select ones.digit + 10 * tens.digit as period_number
    from digits as ones
    cross join digits as tens
),

profiles as (
    select
        recurring.*,
        nullif(trim(recurring.frequency), '') as period,
        coalesce(recurring.occurrence_count, 0) as made_count,
        coalesce(recurring.remaining_count, recurring.planned_count, {{ horizon }}) as left_count
    from {{ ref('recurring_invoices') }} as recurring
    where recurring.is_active and recurring.next_issue_date is not null and recurring.total_amount is not null
),

terms as (
    select * from {{ ref('stg_freshbooks__invoice_profiles') }}
    where rejected_values is null
),

habits as (
    select * from {{ ref('int_payment_habits') }}
),

-- As in recurring_invoices: counted from the first day, from the next day where FreshBooks has moved it.
repeated as (
    select
        profiles.*,
        numbers.period_number,
        case
            when profiles.next_issue_date = {{ recurrence_day('profiles.create_date', 'period', 'made_count') }}
                then {{ recurrence_day('profiles.create_date', 'period', '(made_count + period_number)') }}
            when numbers.period_number = 0 then profiles.next_issue_date
            else {{ recurrence_day('profiles.next_issue_date', 'period', 'period_number') }}
        end as issue_date
    from profiles
    cross join numbers
    where numbers.period_number < profiles.left_count
),

-- One that should have been made before the as-of day was not, and nobody knows whether it will be.
dated as (
    select
        repeated.account_id,
        repeated.business_id,
        repeated.invoice_profile_id,
        repeated.period_number,
        repeated.currency_code,
        repeated.total_amount,
        repeated.issue_date,
        repeated.is_autobilled,
        coalesce(terms.due_offset_days, 0) as due_days,
        client_habits.days_to_pay as client_days,
        business_habits.days_to_pay as business_days
    from repeated
    left join terms
        on
            repeated.account_id = terms.account_id
            and repeated.business_id = terms.business_id
            and repeated.invoice_profile_id = terms.invoice_profile_id
    left join habits as client_habits
        on
            repeated.account_id = client_habits.account_id
            and repeated.business_id = client_habits.business_id
            and repeated.client_id = client_habits.client_id
    left join habits as business_habits
        on
            repeated.account_id = business_habits.account_id
            and repeated.business_id = business_habits.business_id
            and business_habits.client_id is null
    where repeated.issue_date >= {{ as_of_date('repeated.business_id') }}
)

select
    account_id,
    business_id,
    invoice_profile_id,
    period_number,
    currency_code,
    total_amount,
    issue_date,
    case
        when is_autobilled then issue_date
        else {{ add_days('issue_date', 'coalesce(client_days, business_days, due_days)') }}
    end as expected_date,
    case
        when is_autobilled then 'day of issue'
        when client_days is not null then 'habit of the client'
        when business_days is not null then 'habit of all clients'
        else 'due date'
    end as expected_basis
from dated
