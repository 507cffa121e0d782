with

people as (
    select * from {{ ref('int_people') }}
),

time_entries as (
    select * from {{ ref('int_time_entries') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['team_member_rates', 'time_entries']) }}
),

logged as (
    select
        business_id,
        identity_id,
        sum(duration_seconds) as duration_seconds,
        max(entry_date) as last_entry_date
    from time_entries
    where identity_id is not null
    group by business_id, identity_id
)

select
    people.account_id,
    people.business_id,
    businesses.business_name,
    people.team_member_uuid,
    people.identity_id,
    people.full_name,
    people.first_name,
    people.last_name,
    people.email,
    people.job_title,
    people.business_role,
    people.member_status,
    cast(people.hourly_rate as {{ money_type() }}) as hourly_rate,
    case when {{ are_available(['time_entries']) }} then {{ hours('coalesce(logged.duration_seconds, 0)') }} end
        as logged_hours,
    logged.last_entry_date,
    people.updated_at,
    {{ gap_reason({'team_member_rates': 'people.identity_id is not null', 'time_entries': 'true'}) }} as gap_reason
from people
left join logged
    on
        people.business_id = logged.business_id
        and people.identity_id = logged.identity_id
        and people.is_main_membership
left join businesses
    on people.business_id = businesses.business_id
left join availability
    on people.business_id = availability.business_id
