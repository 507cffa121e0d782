with

profiles as (
    select
        *,
        nullif(trim(frequency), '') as period,
        -- FreshBooks writes 0 for one without an end (freshbooks-api.md 3.6).
        case when planned_count > 0 then planned_count end as known_planned_count
    from {{ ref('stg_freshbooks__invoice_profiles') }}
    where rejected_values is null and not is_deleted
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['clients']) }}
),

counted as (
    select
        *,
        case
            when known_planned_count >= occurrence_count then known_planned_count - occurrence_count
            when known_planned_count < occurrence_count then 0
        end as remaining_count,
        not is_disabled
        and (known_planned_count is null or known_planned_count > coalesce(occurrence_count, 0)) as is_active,
        -- The day of the first one and as many periods as there were invoices.
        {{ recurrence_day('create_date', 'period', 'coalesce(occurrence_count, 0)') }} as computed_issue_date
    from profiles
),

dated as (
    select
        *,
        case when is_active then coalesce(next_issue_date, computed_issue_date) end as next_date
    from counted
),

-- Counted from the first day, so that the 31st stays one; from the next day where FreshBooks has moved it.
ended as (
    select
        *,
        case
            when not is_active or known_planned_count is null then null
            when next_date = computed_issue_date
                then {{ recurrence_day('create_date', 'period', '(known_planned_count - 1)') }}
            else {{ recurrence_day('next_date', 'period', '(remaining_count - 1)') }}
        end as last_date
    from dated
)

select
    ended.account_id,
    ended.business_id,
    businesses.business_name,
    ended.invoice_profile_id,
    ended.client_id,
    clients.client_name,
    clients.client_status,
    ended.create_date,
    ended.frequency,
    ended.next_date as next_issue_date,
    ended.last_date as last_issue_date,
    cast(ended.known_planned_count as bigint) as planned_count,
    cast(ended.occurrence_count as bigint) as occurrence_count,
    cast(ended.remaining_count as bigint) as remaining_count,
    ended.currency_code,
    -- An amount without a currency says nothing.
    case when ended.currency_code is not null then ended.amount end as total_amount,
    ended.is_active,
    ended.is_autobilled,
    ended.is_archived,
    ended.updated_at,
    {{ gap_reason({'clients': 'ended.client_id is not null'}) }} as gap_reason
from ended
left join clients
    on
        ended.account_id = clients.account_id
        and ended.business_id = clients.business_id
        and ended.client_id = clients.client_id
left join businesses
    on ended.business_id = businesses.business_id
left join availability
    on ended.business_id = availability.business_id
