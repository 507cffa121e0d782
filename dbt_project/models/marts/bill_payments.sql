with

bill_payments as (
    select * from {{ ref('stg_freshbooks__bill_payments') }}
    where rejected_values is null
),

bills as (
    select * from {{ ref('int_bills') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['bills', 'bill_vendors']) }}
)

select
    bill_payments.account_id,
    bill_payments.business_id,
    businesses.business_name,
    bill_payments.bill_payment_id,
    bill_payments.payment_date,
    bill_payments.bill_id,
    bills.bill_number,
    bills.vendor_id,
    bills.vendor_name,
    bill_payments.payment_type,
    bill_payments.note,
    bill_payments.currency_code,
    bill_payments.amount as payment_amount,
    case when {{ are_available(['bills']) }} then coalesce(bills.is_deleted, false) end as is_bill_deleted,
    {{ gap_reason({'bills': 'true', 'bill_vendors': 'bills.vendor_id is not null'}) }} as gap_reason
from bill_payments
left join bills
    on
        bill_payments.account_id = bills.account_id
        and bill_payments.business_id = bills.business_id
        and bill_payments.bill_id = bills.bill_id
left join businesses
    on bill_payments.business_id = businesses.business_id
left join availability
    on bill_payments.business_id = availability.business_id
where not bill_payments.is_deleted
