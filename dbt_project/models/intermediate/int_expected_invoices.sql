with

invoices as (
    select * from {{ ref('int_invoices') }}
    where is_receivable and not is_dated_later
),

habits as (
    select * from {{ ref('int_payment_habits') }}
),

dated as (
    select
        invoices.*,
        coalesce(client_habits.days_to_pay, business_habits.days_to_pay) as habit_days,
        case
            when client_habits.days_to_pay is not null then 'habit of the client'
            when business_habits.days_to_pay is not null then 'habit of all clients'
        end as habit_basis,
        coalesce(invoices.due_date, invoices.create_date) as known_due_date
    from invoices
    left join habits as client_habits
        on
            invoices.account_id = client_habits.account_id
            and invoices.business_id = client_habits.business_id
            and invoices.client_id = client_habits.client_id
    left join habits as business_habits
        on
            invoices.account_id = business_habits.account_id
            and invoices.business_id = business_habits.business_id
            and business_habits.client_id is null
),

placed as (
    select
        *,
        {{ add_days('create_date', 'habit_days') }} as habit_date
    from dated
)

select
    account_id,
    business_id,
    invoice_id,
    currency_code,
    create_date,
    paid_date,
    as_of_date,
    is_open,
    outstanding_amount,
    case
        when habit_date > {{ as_of_date() }} then habit_date
        when known_due_date > {{ as_of_date() }} then known_due_date
    end as expected_date,
    case
        when habit_date > {{ as_of_date() }} then habit_basis
        when known_due_date > {{ as_of_date() }} then 'due date'
    end as expected_basis,
    -- The last day on which it was to be expected: after it nobody knows when it is paid.
    case when habit_date > known_due_date then habit_date else known_due_date end as last_expected_date
from placed
