with

projects as (
    select * from {{ ref('stg_freshbooks__projects') }}
    where rejected_values is null
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

systems as (
    select * from {{ ref('stg_freshbooks__systems') }}
    where rejected_values is null
)

select
    projects.account_id,
    projects.business_id,
    projects.project_id,
    projects.project_name,
    projects.description,
    projects.client_id,
    clients.client_name,
    projects.project_type,
    projects.billing_method,
    projects.hourly_rate_amount as hourly_rate,
    projects.fixed_price_amount as fixed_price,
    -- FreshBooks bills in the client's currency and keeps none on the project; that of an unknown client is unknown.
    case
        when projects.client_id is null or clients.client_id is not null
            then coalesce(clients.currency_code, systems.base_currency_code)
    end as currency_code,
    projects.budget_seconds,
    projects.billed_status,
    projects.due_date,
    projects.is_internal,
    projects.is_complete,
    projects.project_status,
    projects.services,
    projects.updated_at,
    projects.is_deleted
from projects
left join clients
    on
        projects.account_id = clients.account_id
        and projects.business_id = clients.business_id
        and projects.client_id = clients.client_id
left join systems
    on
        projects.account_id = systems.account_id
        and projects.business_id = systems.business_id
