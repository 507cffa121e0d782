with

team_members as (
    select * from {{ ref('stg_freshbooks__team_members') }}
    where rejected_values is null
),

team_member_rates as (
    select * from {{ ref('stg_freshbooks__team_member_rates') }}
    where rejected_values is null
),

-- One identity may have been invited twice: the active, then the newest membership speaks for it.
ranked as (
    select
        *,
        row_number() over (
            partition by business_id, identity_id
            order by
                case member_status when 'active' then 1 when 'archived' then 2 else 3 end asc,
                updated_at desc,
                team_member_uuid asc
        ) as preference
    from team_members
)

select
    ranked.account_id,
    ranked.business_id,
    ranked.team_member_uuid,
    ranked.identity_id,
    ranked.full_name,
    ranked.first_name,
    ranked.last_name,
    ranked.email,
    ranked.job_title,
    ranked.business_role,
    ranked.member_status,
    team_member_rates.hourly_rate_amount as hourly_rate,
    ranked.identity_id is not null and ranked.preference = 1 as is_main_membership,
    ranked.updated_at
from ranked
left join team_member_rates
    on
        ranked.business_id = team_member_rates.business_id
        and ranked.identity_id = team_member_rates.identity_id
