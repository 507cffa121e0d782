with

bills as (
    select * from {{ ref('int_bills') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['bill_vendors']) }}
)

select
    bills.account_id,
    bills.business_id,
    businesses.business_name,
    bills.bill_id,
    bills.bill_number,
    bills.vendor_id,
    bills.vendor_name,
    bills.issue_date,
    bills.due_date,
    {{ as_of_date('bills.business_id') }} as as_of_date,
    bills.bill_status,
    cast(bills.days_overdue as bigint) as days_overdue,
    bills.category_name,
    bills.description,
    bills.currency_code,
    bills.amount_without_tax,
    cast(bills.tax_amount as {{ money_type() }}) as tax_amount,
    bills.total_amount,
    bills.paid_amount,
    bills.outstanding_amount,
    bills.is_open,
    bills.is_dated_later,
    bills.is_archived,
    bills.updated_at,
    {{ gap_reason({'bill_vendors': 'bills.vendor_id is not null'}) }} as gap_reason
from bills
left join businesses
    on bills.business_id = businesses.business_id
left join availability
    on bills.business_id = availability.business_id
where not bills.is_deleted
