with

bills as (
    select * from {{ ref('stg_freshbooks__bills') }}
    where rejected_values is null
),

bill_payments as (
    select * from {{ ref('stg_freshbooks__bill_payments') }}
    where rejected_values is null
),

bill_vendors as (
    select * from {{ ref('stg_freshbooks__bill_vendors') }}
    where rejected_values is null
),

availability as (
    {{ availability(['bill_payments']) }}
),

payment_totals as (
    select
        account_id,
        business_id,
        bill_id,
        currency_code,
        sum(amount) as payments_amount
    from bill_payments
    where not is_deleted
    group by account_id, business_id, bill_id, currency_code
),

joined as (
    select
        bills.*,
        coalesce(bill_vendors.vendor_name, bills.vendor_name_on_bill) as vendor_name,
        case
            when {{ are_available(['bill_payments']) }}
                then cast(coalesce(payment_totals.payments_amount, 0) as {{ decimal(18, 2) }})
        end as computed_paid_amount,
        {{ days_between('bills.due_date', as_of_date()) }} as days_past_due
    from bills
    left join bill_vendors
        on
            bills.account_id = bill_vendors.account_id
            and bills.business_id = bill_vendors.business_id
            and bills.vendor_id = bill_vendors.vendor_id
    left join payment_totals
        on
            bills.account_id = payment_totals.account_id
            and bills.business_id = payment_totals.business_id
            and bills.bill_id = payment_totals.bill_id
            and bills.currency_code = payment_totals.currency_code
    left join availability
        on bills.business_id = availability.business_id
)

select
    account_id,
    business_id,
    bill_id,
    bill_number,
    vendor_id,
    vendor_name,
    issue_date,
    due_date,
    currency_code,
    amount_without_tax,
    tax_amount,
    total_amount,
    paid_amount,
    computed_paid_amount,
    outstanding_amount,
    category_name,
    description,
    case
        when outstanding_amount <= 0 then 'paid'
        when days_past_due > 0 then 'overdue'
        when paid_amount > 0 then 'partial'
        else 'unpaid'
    end as bill_status,
    not is_deleted and outstanding_amount > 0 as is_open,
    case when not is_deleted and outstanding_amount > 0 and days_past_due > 0 then days_past_due else 0 end
        as days_overdue,
    updated_at,
    is_deleted,
    is_archived
from joined
