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
        sum(amount) as payments_amount,
        sum(case when {{ is_dated_later('payment_date') }} then amount else 0 end) as later_amount
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
                then cast(coalesce(payment_totals.payments_amount, 0) as {{ money_type() }})
        end as computed_paid_amount,
        case
            when {{ are_available(['bill_payments']) }}
                then {{ paid_later('payment_totals.later_amount', 'bills.total_amount', 'bills.outstanding_amount') }}
            else 0
        end as paid_later_amount,
        {{ is_dated_later('bills.issue_date', 'bills.business_id') }} as is_dated_later,
        {{ days_between('bills.due_date', as_of_date('bills.business_id')) }} as days_past_due
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
),

balanced as (
    select
        *,
        outstanding_amount + paid_later_amount as balance_amount,
        not is_deleted and not is_dated_later and outstanding_amount + paid_later_amount > 0 as is_open
    from joined
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
    cast(paid_amount - paid_later_amount as {{ money_type() }}) as paid_amount,
    cast(balance_amount as {{ money_type() }}) as outstanding_amount,
    paid_amount as freshbooks_paid_amount,
    outstanding_amount as freshbooks_outstanding_amount,
    computed_paid_amount,
    category_name,
    description,
    case
        when balance_amount <= 0 then 'paid'
        when days_past_due > 0 and not is_dated_later then 'overdue'
        when paid_amount - paid_later_amount > 0 then 'partial'
        else 'unpaid'
    end as bill_status,
    is_open,
    is_dated_later,
    case when is_open and days_past_due > 0 then days_past_due else 0 end as days_overdue,
    updated_at,
    is_deleted,
    is_archived
from balanced
