with

time_entries as (
    select * from {{ ref('int_time_entries') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(time_streams('grouped') | list) }}
),

grouped as (
    select
        account_id,
        business_id,
        client_id,
        project_id,
        service_id,
        identity_id,
        max(client_name) as client_name,
        max(project_name) as project_name,
        max(project_status) as project_status,
        max(service_name) as service_name,
        max(person_name) as person_name,
        currency_code,
        rate_source,
        hourly_rate,
        rate_missing_reason,
        is_unbilled,
        max(case when is_project_complete then 1 else 0 end) as complete_flag,
        sum(duration_seconds) as duration_seconds,
        count(*) as entry_count,
        min(entry_date) as oldest_entry_date,
        max(entry_date) as newest_entry_date
    from time_entries
    -- Where nobody knows whether the project is internal, the row stands without figures.
    where coalesce(is_unbilled, true)
    group by
        account_id,
        business_id,
        client_id,
        project_id,
        service_id,
        identity_id,
        currency_code,
        rate_source,
        hourly_rate,
        rate_missing_reason,
        is_unbilled
)

select
    grouped.account_id,
    grouped.business_id,
    businesses.business_name,
    grouped.client_id,
    grouped.client_name,
    grouped.project_id,
    grouped.project_name,
    grouped.project_status,
    case when grouped.project_id is not null and grouped.is_unbilled is not null then grouped.complete_flag = 1 end
        as is_project_complete,
    grouped.service_id,
    grouped.service_name,
    grouped.identity_id,
    grouped.person_name,
    case when grouped.is_unbilled then {{ hours('grouped.duration_seconds') }} end as hours,
    case when grouped.is_unbilled then cast(grouped.entry_count as bigint) end as entry_count,
    case when grouped.is_unbilled then grouped.oldest_entry_date end as oldest_entry_date,
    case when grouped.is_unbilled then grouped.newest_entry_date end as newest_entry_date,
    grouped.rate_source,
    {{ round_money('grouped.hourly_rate', 'grouped.currency_code') }} as hourly_rate,
    grouped.rate_missing_reason,
    grouped.currency_code,
    case
        when grouped.rate_missing_reason is null
            then {{ money_quotient('grouped.duration_seconds * grouped.hourly_rate', 3600, 'grouped.currency_code') }}
    end as unbilled_amount,
    {{ gap_reason(time_streams('grouped')) }} as gap_reason
from grouped
left join businesses
    on grouped.business_id = businesses.business_id
left join availability
    on grouped.business_id = availability.business_id
