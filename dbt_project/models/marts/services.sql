with

services as (
    select * from {{ ref('int_services') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['service_rates', 'services']) }}
)

select
    services.account_id,
    services.business_id,
    businesses.business_name,
    services.service_id,
    services.service_name,
    cast(services.hourly_rate as {{ money_type() }}) as hourly_rate,
    services.is_billable,
    services.service_status,
    {{ gap_reason({'services': 'true', 'service_rates': 'true'}) }} as gap_reason
from services
left join businesses
    on services.business_id = businesses.business_id
left join availability
    on services.business_id = availability.business_id
