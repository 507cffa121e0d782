with

time_entries as (
    select * from {{ ref('int_time_entries') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['projects', 'clients', 'services', 'team_members']) }}
)

select
    time_entries.account_id,
    time_entries.business_id,
    businesses.business_name,
    time_entries.time_entry_id,
    time_entries.entry_date,
    time_entries.started_at,
    time_entries.time_zone,
    time_entries.identity_id,
    time_entries.person_name,
    time_entries.client_id,
    time_entries.client_name,
    time_entries.project_id,
    time_entries.project_name,
    time_entries.service_id,
    time_entries.service_name,
    time_entries.note,
    time_entries.duration_seconds,
    {{ hours('time_entries.duration_seconds') }} as hours,
    time_entries.is_billable,
    time_entries.is_billed,
    time_entries.is_internal,
    time_entries.retainer_id,
    time_entries.is_unbilled,
    {{ gap_reason({
        'projects': 'time_entries.project_id is not null',
        'clients': 'time_entries.account_id is not null and time_entries.client_id is not null',
        'services': 'time_entries.service_id is not null',
        'team_members': 'time_entries.identity_id is not null',
    }) }} as gap_reason
from time_entries
left join businesses
    on time_entries.business_id = businesses.business_id
left join availability
    on time_entries.business_id = availability.business_id
