with

invoices as (
    select * from {{ ref('int_invoices') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

estimates as (
    select * from {{ ref('stg_freshbooks__estimates') }}
    where rejected_values is null
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

events as (
    select
        account_id,
        business_id,
        client_id,
        'invoice' as kind,
        create_date as event_date,
        days_to_pay
    from invoices
    where is_receivable
    union all
    select
        account_id,
        business_id,
        client_id,
        'payment' as kind,
        payment_date as event_date,
        null as days_to_pay
    from payments
    where is_counted and is_cash
    union all
    select
        account_id,
        business_id,
        client_id,
        'estimate' as kind,
        create_date as event_date,
        null as days_to_pay
    from estimates
    where not is_deleted
    union all
    select
        account_id,
        business_id,
        client_id,
        'credit note' as kind,
        create_date as event_date,
        null as days_to_pay
    from credit_notes
    where not is_deleted and not is_draft
)

select
    account_id,
    business_id,
    client_id,
    min(event_date) as first_activity_date,
    max(event_date) as last_activity_date,
    sum(case when kind = 'invoice' then 1 else 0 end) as invoice_count,
    sum(
        case when kind = 'invoice' and {{ days_between('event_date', as_of_date()) }} < 365 then 1 else 0 end
    ) as recent_invoice_count,
    sum(
        case
            when kind = 'invoice' and {{ days_between('event_date', as_of_date()) }} between 365 and 729 then 1
            else 0
        end
    ) as earlier_invoice_count,
    max(case when kind = 'invoice' then event_date end) as last_invoice_date,
    max(case when kind = 'payment' then event_date end) as last_payment_date,
    sum(days_to_pay) as days_to_pay,
    count(days_to_pay) as paid_invoice_count
from events
where client_id is not null and not {{ is_dated_later('event_date') }}
group by account_id, business_id, client_id
