with

time_entries as (
    select * from {{ ref('stg_freshbooks__time_entries') }}
    where rejected_values is null
),

projects as (
    select * from {{ ref('int_projects') }}
),

services as (
    select * from {{ ref('int_services') }}
),

people as (
    select * from {{ ref('int_people') }}
),

team_member_rates as (
    select * from {{ ref('stg_freshbooks__team_member_rates') }}
    where rejected_values is null
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

systems as (
    select * from {{ ref('stg_freshbooks__systems') }}
    where rejected_values is null
),

availability as (
    {{ availability(
        ['projects', 'clients', 'systems', 'services', 'service_rates', 'team_member_rates']
    ) }}
),

named as (
    select
        time_entries.account_id,
        time_entries.business_id,
        time_entries.time_entry_id,
        time_entries.entry_date,
        time_entries.started_at,
        time_entries.time_zone,
        time_entries.duration_seconds,
        time_entries.identity_id,
        people.full_name as person_name,
        coalesce(time_entries.client_id, projects.client_id) as client_id,
        clients.client_name,
        time_entries.project_id,
        projects.project_name,
        projects.project_type,
        projects.billing_method,
        projects.project_status,
        projects.is_complete as is_project_complete,
        -- A project that cannot be read may be internal, and may have a client.
        time_entries.project_id is null or {{ are_available(['projects']) }} as is_project_known,
        case
            when time_entries.is_internal then true
            when time_entries.project_id is null or {{ are_available(['projects']) }}
                then coalesce(projects.is_internal, false)
        end as is_internal,
        time_entries.service_id,
        services.service_name,
        time_entries.retainer_id,
        time_entries.note,
        time_entries.is_billable,
        time_entries.is_billed,
        -- FreshBooks bills in the client's currency and keeps none with a rate; that of an unknown client is unknown.
        case
            when clients.client_id is not null then coalesce(clients.currency_code, systems.base_currency_code)
            when
                time_entries.client_id is null and projects.client_id is null
                and (time_entries.project_id is null or {{ are_available(['projects']) }})
                then systems.base_currency_code
        end as currency_code,
        {{ are_available(['clients']) }} as has_clients,
        {{ are_available(['systems']) }} as has_systems,
        {{ are_available(['services']) }} as has_services,
        {{ are_available(['service_rates']) }} as has_service_rates,
        {{ are_available(['team_member_rates']) }} as has_team_member_rates,
        projects.hourly_rate as project_rate,
        services.hourly_rate as service_rate,
        team_member_rates.hourly_rate_amount as person_rate
    from time_entries
    left join projects
        on
            time_entries.business_id = projects.business_id
            and time_entries.project_id = projects.project_id
    left join services
        on
            time_entries.business_id = services.business_id
            and time_entries.service_id = services.service_id
    left join people
        on
            time_entries.business_id = people.business_id
            and time_entries.identity_id = people.identity_id
            and people.is_main_membership
    left join team_member_rates
        on
            time_entries.business_id = team_member_rates.business_id
            and time_entries.identity_id = team_member_rates.identity_id
    left join clients
        on
            time_entries.account_id = clients.account_id
            and time_entries.business_id = clients.business_id
            and coalesce(time_entries.client_id, projects.client_id) = clients.client_id
    left join systems
        on
            time_entries.account_id = systems.account_id
            and time_entries.business_id = systems.business_id
    left join availability
        on time_entries.business_id = availability.business_id
    -- Segments of a running timer are folded into one entry when it is logged (freshbooks-api.md 3.7).
    where not time_entries.is_deleted and time_entries.is_logged
),

-- Which rate bills the time: freshbooks-api.md 4.4, 7.4. The rate of the business is not in the API.
sourced as (
    select
        *,
        case
            when not is_project_known then null
            when project_id is null or project_type is null then 'unknown'
            when project_type = 'fixed_price' then 'fixed_price'
            when billing_method in ('project_rate', 'service_rate', 'team_member_rate') then billing_method
            else 'unknown'
        end as rate_source
    from named
),

rated as (
    select
        *,
        case rate_source
            when 'project_rate' then project_rate
            when 'service_rate' then service_rate
            when 'team_member_rate' then person_rate
        end as known_rate
    from sourced
)

select
    account_id,
    business_id,
    time_entry_id,
    entry_date,
    started_at,
    time_zone,
    duration_seconds,
    identity_id,
    person_name,
    client_id,
    client_name,
    project_id,
    project_name,
    project_type,
    billing_method,
    project_status,
    is_project_complete,
    is_internal,
    service_id,
    service_name,
    note,
    is_billable,
    is_billed,
    retainer_id,
    retainer_id is not null as is_retainer,
    is_project_known,
    -- The fee of a retainer pays its time, so no invoice is to hold it.
    is_billable and not is_billed and not is_internal and retainer_id is null as is_unbilled,
    currency_code,
    rate_source,
    known_rate as hourly_rate,
    case
        when rate_source = 'fixed_price' then 'fixed price: hours are not billed one by one'
        when not is_project_known then 'projects are not available'
        when project_id is null then 'time without a project'
        when project_type is null then 'project is not synced'
        when rate_source = 'unknown' and billing_method = 'business_rate' then 'rate of the business is not in the API'
        when rate_source = 'unknown' then 'project has no billing method'
        when known_rate is null and rate_source = 'project_rate' then 'project has no rate'
        when known_rate is null and rate_source = 'service_rate' and service_id is null then 'time without a service'
        when known_rate is null and rate_source = 'service_rate' and not has_service_rates
            then 'rates of services are not available'
        when known_rate is null and rate_source = 'service_rate' and service_name is null and not has_services
            then 'services are not available'
        when known_rate is null and rate_source = 'service_rate' then 'service has no rate'
        when known_rate is null and not has_team_member_rates then 'rates of team members are not available'
        when known_rate is null then 'team member has no rate'
        when currency_code is null and account_id is not null and client_id is not null and not has_clients
            then 'currency is not known: clients are not available'
        when currency_code is null and account_id is not null and client_id is null and not has_systems
            then 'currency is not known: the base currency is not available'
        when currency_code is null then 'currency is not known'
    end as rate_missing_reason
from rated
