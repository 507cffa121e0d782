with

other_income as (
    select * from {{ ref('stg_freshbooks__other_income') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
)

select
    other_income.account_id,
    other_income.business_id,
    businesses.business_name,
    other_income.income_id,
    other_income.income_date,
    other_income.source,
    other_income.category_name,
    other_income.payment_type,
    other_income.note,
    other_income.currency_code,
    other_income.amount as total_amount,
    other_income.is_archived,
    other_income.updated_at
from other_income
left join businesses
    on other_income.business_id = businesses.business_id
where not other_income.is_deleted
