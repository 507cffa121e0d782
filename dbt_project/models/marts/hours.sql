with

time_entries as (
    select
        *,
        {{ week_start('entry_date') }} as week_start_date,
        is_billable and not is_internal as is_client_work
    from {{ ref('int_time_entries') }}
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
        identity_id,
        project_id,
        client_id,
        service_id,
        week_start_date,
        max(person_name) as person_name,
        max(project_name) as project_name,
        max(client_name) as client_name,
        max(service_name) as service_name,
        currency_code,
        rate_source,
        hourly_rate,
        rate_missing_reason,
        is_project_known,
        count(*) as entry_count,
        sum(coalesce(duration_seconds, 0)) as logged_seconds,
        sum(case when is_client_work then coalesce(duration_seconds, 0) else 0 end) as billable_seconds,
        sum(case when is_client_work and is_billed then coalesce(duration_seconds, 0) else 0 end) as billed_seconds,
        sum(
            case when is_client_work and not is_billed and is_retainer then coalesce(duration_seconds, 0) else 0 end
        ) as retainer_seconds,
        sum(case when is_unbilled then coalesce(duration_seconds, 0) else 0 end) as unbilled_seconds
    from time_entries
    group by
        account_id,
        business_id,
        identity_id,
        project_id,
        client_id,
        service_id,
        week_start_date,
        currency_code,
        rate_source,
        hourly_rate,
        rate_missing_reason,
        is_project_known
)

select
    grouped.account_id,
    grouped.business_id,
    businesses.business_name,
    grouped.week_start_date,
    grouped.identity_id,
    grouped.person_name,
    grouped.project_id,
    grouped.project_name,
    grouped.client_id,
    grouped.client_name,
    grouped.service_id,
    grouped.service_name,
    -- A project that cannot be read may have a client, and may be internal: its row stands without figures.
    case when grouped.is_project_known then cast(grouped.entry_count as bigint) end as entry_count,
    case when grouped.is_project_known then {{ hours('grouped.logged_seconds') }} end as logged_hours,
    case when grouped.is_project_known then {{ hours('grouped.billable_seconds') }} end as billable_hours,
    case when grouped.is_project_known then {{ hours('grouped.billed_seconds') }} end as billed_hours,
    case when grouped.is_project_known then {{ hours('grouped.retainer_seconds') }} end as retainer_hours,
    case when grouped.is_project_known then {{ hours('grouped.unbilled_seconds') }} end as unbilled_hours,
    case
        when grouped.is_project_known
            then {{ quotient('100 * grouped.billable_seconds', 'grouped.logged_seconds', 9, 2) }}
    end as utilisation_percent,
    grouped.rate_source,
    {{ round_money('grouped.hourly_rate', 'grouped.currency_code') }} as hourly_rate,
    grouped.rate_missing_reason,
    grouped.currency_code,
    case
        when grouped.rate_missing_reason is null
            then {{ money_quotient('grouped.billable_seconds * grouped.hourly_rate', 3600, 'grouped.currency_code') }}
    end as billable_amount,
    case
        when grouped.rate_missing_reason is null
            then {{ money_quotient('grouped.unbilled_seconds * grouped.hourly_rate', 3600, 'grouped.currency_code') }}
    end as unbilled_amount,
    {{ gap_reason(time_streams('grouped')) }} as gap_reason
from grouped
left join businesses
    on grouped.business_id = businesses.business_id
left join availability
    on grouped.business_id = availability.business_id
