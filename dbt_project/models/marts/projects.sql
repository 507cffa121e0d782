with

projects as (
    select * from {{ ref('int_projects') }}
),

time_entries as (
    select * from {{ ref('int_time_entries') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['clients', 'systems', 'time_entries']) }}
),

logged as (
    select
        business_id,
        project_id,
        sum(duration_seconds) as duration_seconds,
        sum(case when is_unbilled then duration_seconds else 0 end) as unbilled_seconds,
        max(entry_date) as last_entry_date
    from time_entries
    where project_id is not null
    group by business_id, project_id
)

select
    projects.account_id,
    projects.business_id,
    businesses.business_name,
    projects.project_id,
    projects.project_name,
    projects.description,
    projects.client_id,
    projects.client_name,
    projects.project_type,
    projects.billing_method,
    {{ round_money('projects.hourly_rate', 'projects.currency_code') }} as hourly_rate,
    {{ round_money('projects.fixed_price', 'projects.currency_code') }} as fixed_price,
    projects.currency_code,
    {{ hours('projects.budget_seconds') }} as budget_hours,
    case when {{ are_available(['time_entries']) }} then {{ hours('coalesce(logged.duration_seconds, 0)') }} end
        as logged_hours,
    case when {{ are_available(['time_entries']) }} then {{ hours('coalesce(logged.unbilled_seconds, 0)') }} end
        as unbilled_hours,
    logged.last_entry_date,
    projects.due_date,
    projects.billed_status,
    projects.project_status,
    projects.is_internal,
    projects.is_complete,
    projects.updated_at,
    {{ gap_reason({
        'clients': 'projects.account_id is not null and projects.client_id is not null',
        'systems': 'projects.account_id is not null and projects.client_id is null',
        'time_entries': 'true',
    }) }} as gap_reason
from projects
left join logged
    on
        projects.business_id = logged.business_id
        and projects.project_id = logged.project_id
left join businesses
    on projects.business_id = businesses.business_id
left join availability
    on projects.business_id = availability.business_id
