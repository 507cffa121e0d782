with

services as (
    select * from {{ ref('stg_freshbooks__services') }}
    where rejected_values is null
),

service_rates as (
    select * from {{ ref('stg_freshbooks__service_rates') }}
    where rejected_values is null
),

projects as (
    select * from {{ ref('stg_freshbooks__projects') }}
    where rejected_values is null
),

elements as (
    {{ json_elements('projects', 'services', ['account_id', 'business_id', 'updated_at']) }}
),

embedded as (
    select
        account_id,
        business_id,
        cast({{ try_decimal(json_text('element', 'id'), 18, 0) }} as bigint) as service_id,
        {{ json_text('element', 'name') }} as service_name,
        coalesce({{ json_text('element', 'billable') }} = 'true', false) as is_billable,
        case {{ json_text('element', 'vis_state') }}
            when '1' then 'deleted'
            when '2' then 'archived'
            else 'active'
        end as service_status,
        updated_at
    from elements
),

-- The list of services can be empty while projects name theirs (freshbooks-api.md 3.9).
only_embedded as (
    select
        embedded.*,
        row_number() over (
            partition by embedded.business_id, embedded.service_id
            order by embedded.updated_at desc, embedded.service_name asc
        ) as preference
    from embedded
    left join services
        on
            embedded.business_id = services.business_id
            and embedded.service_id = services.service_id
    where services.service_id is null and embedded.service_id is not null
),

united as (
    select
        account_id,
        business_id,
        service_id,
        service_name,
        is_billable,
        service_status
    from services
    union all
    select
        account_id,
        business_id,
        service_id,
        service_name,
        is_billable,
        service_status
    from only_embedded
    where preference = 1
)

select
    united.account_id,
    united.business_id,
    united.service_id,
    united.service_name,
    united.is_billable,
    united.service_status,
    service_rates.hourly_rate_amount as hourly_rate
from united
left join service_rates
    on
        united.business_id = service_rates.business_id
        and united.service_id = service_rates.service_id
