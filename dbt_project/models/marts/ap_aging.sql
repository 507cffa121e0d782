with

bills as (
    select * from {{ ref('int_bills') }}
),

bill_payments as (
    select * from {{ ref('stg_freshbooks__bill_payments') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['bill_payments', 'bill_vendors']) }}
),

days as (
    {{ balance_days() }}
),

documents as (
    select
        bills.account_id,
        bills.business_id,
        bills.bill_id as document_id,
        bills.issue_date,
        bills.due_date,
        bills.currency_code,
        bills.total_amount,
        bills.freshbooks_outstanding_amount as outstanding_amount,
        {{ are_available(['bill_payments']) }} as has_payments
    from bills
    left join availability
        on bills.business_id = availability.business_id
    where not bills.is_deleted
),

document_payments as (
    select
        account_id,
        business_id,
        bill_id as document_id,
        currency_code,
        payment_date,
        amount
    from bill_payments
    where not is_deleted
),

balances as (
    {{ open_balances('documents', 'document_payments', 'days') }}
)

select
    balances.account_id,
    balances.business_id,
    businesses.business_name,
    balances.as_of_date,
    balances.is_latest,
    balances.document_id as bill_id,
    bills.bill_number,
    bills.vendor_id,
    bills.vendor_name,
    bills.issue_date,
    bills.due_date,
    bills.currency_code,
    bills.total_amount,
    balances.paid_later_amount,
    balances.outstanding_amount,
    cast(case when balances.days_past_due > 0 then balances.days_past_due else 0 end as bigint) as days_overdue,
    {{ aging_bucket('balances.days_past_due') }} as aging_bucket,
    {{ gap_reason({'bill_payments': 'true', 'bill_vendors': 'bills.vendor_id is not null'}) }} as gap_reason
from balances
inner join bills
    on
        balances.account_id = bills.account_id
        and balances.business_id = bills.business_id
        and balances.document_id = bills.bill_id
left join businesses
    on balances.business_id = businesses.business_id
left join availability
    on balances.business_id = availability.business_id
