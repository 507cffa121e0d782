with

tax_lines as (
    select * from {{ ref('sales_tax_lines') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(
        ['invoices', 'payments', 'credit_notes', 'other_income', 'expenses', 'bills', 'bill_payments']
    ) }}
),

monthly as (
    select
        account_id,
        business_id,
        basis,
        month_start_date,
        currency_code,
        tax_name,
        sum(case when is_collected then tax_amount else 0 end) as tax_collected_amount,
        sum(case when is_collected then 0 else tax_amount end) as tax_paid_amount,
        sum(case when is_collected then taxable_amount else 0 end) as taxable_collected_amount,
        sum(case when is_collected then 0 else taxable_amount end) as taxable_paid_amount
    from tax_lines
    group by account_id, business_id, basis, month_start_date, currency_code, tax_name
),

-- A side is known when every stream behind it is.
known as (
    select
        monthly.*,
        {{ are_available(['invoices', 'credit_notes', 'other_income']) }}
        and (monthly.basis = 'accrual' or {{ are_available(['payments']) }}) as has_collected,
        {{ are_available(['expenses', 'bills']) }}
        and (monthly.basis = 'accrual' or {{ are_available(['bill_payments']) }}) as has_paid,
        businesses.business_name,
        {{ gap_reason({
            'invoices': 'true',
            'payments': "monthly.basis = 'cash'",
            'credit_notes': 'true',
            'other_income': 'true',
            'expenses': 'true',
            'bills': 'true',
            'bill_payments': "monthly.basis = 'cash'",
        }) }} as gap_reason
    from monthly
    left join businesses
        on monthly.business_id = businesses.business_id
    left join availability
        on monthly.business_id = availability.business_id
)

select
    account_id,
    business_id,
    business_name,
    basis,
    month_start_date,
    tax_name,
    currency_code,
    case when has_collected then cast(tax_collected_amount as {{ money_type() }}) end as tax_collected_amount,
    case when has_paid then cast(tax_paid_amount as {{ money_type() }}) end as tax_paid_amount,
    case
        when has_collected and has_paid then cast(tax_collected_amount - tax_paid_amount as {{ money_type() }})
    end as net_tax_amount,
    case when has_collected then cast(taxable_collected_amount as {{ money_type() }}) end
        as taxable_collected_amount,
    case when has_paid then cast(taxable_paid_amount as {{ money_type() }}) end as taxable_paid_amount,
    gap_reason
from known
