with

estimates as (
    select * from {{ ref('int_estimates') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

by_stage as (
    select
        account_id,
        business_id,
        estimate_stage,
        {{ month_start('create_date') }} as month_start_date,
        currency_code,
        count(*) as estimate_count,
        sum(amount) as total_amount,
        sum(case when is_converted then 1 else 0 end) as converted_count,
        sum(case when is_converted then converted_amount else 0 end) as converted_amount,
        sum(coalesce(days_to_invoice, 0)) as days_to_invoice,
        count(days_to_invoice) as dated_conversion_count,
        min(create_date) as oldest_estimate_date
    from estimates
    -- Which estimates were invoiced is only known with invoices.
    where not is_deleted and has_invoices
    group by account_id, business_id, estimate_stage, {{ month_start('create_date') }}, currency_code
),

-- Estimates that were sent in the month, of every stage: what conversion is measured against.
by_month as (
    select
        *,
        sum(case when estimate_stage <> 'draft' then estimate_count else 0 end) over (
            partition by account_id, business_id, month_start_date, currency_code
        ) as month_sent_count,
        sum(case when estimate_stage <> 'draft' then converted_count else 0 end) over (
            partition by account_id, business_id, month_start_date, currency_code
        ) as month_converted_count
    from by_stage
)

select
    by_month.account_id,
    by_month.business_id,
    businesses.business_name,
    by_month.estimate_stage,
    by_month.month_start_date,
    by_month.currency_code,
    cast(by_month.estimate_count as bigint) as estimate_count,
    cast(by_month.total_amount as {{ money_type() }}) as total_amount,
    cast(by_month.converted_count as bigint) as converted_count,
    cast(by_month.converted_amount as {{ money_type() }}) as converted_amount,
    cast(by_month.month_sent_count as bigint) as month_sent_count,
    cast(by_month.month_converted_count as bigint) as month_converted_count,
    {{ quotient('100 * by_month.month_converted_count', 'by_month.month_sent_count', 9, 2) }}
        as month_conversion_percent,
    {{ quotient('by_month.days_to_invoice', 'by_month.dated_conversion_count', 9, 2) }}
        as average_days_to_invoice,
    by_month.oldest_estimate_date
from by_month
left join businesses
    on by_month.business_id = businesses.business_id
