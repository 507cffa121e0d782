with

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

systems as (
    select * from {{ ref('stg_freshbooks__systems') }}
    where rejected_values is null
),

availability as (
    {{ availability(['systems']) }}
)

select
    businesses.account_id,
    businesses.business_id,
    businesses.business_name,
    businesses.business_status,
    businesses.time_zone,
    systems.base_currency_code,
    {{ gap_reason({'systems': 'businesses.account_id is not null'}) }} as gap_reason
from businesses
left join systems
    on
        businesses.account_id = systems.account_id
        and businesses.business_id = systems.business_id
left join availability
    on businesses.business_id = availability.business_id
