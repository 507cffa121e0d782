with

stream_availability as (
    select * from {{ ref('stg_freshbooks__stream_availability') }}
    where rejected_values is null
),

counts as (
    {{ stream_counts() }}
),

named as (
    {{ stream_names() }}
),

bill_pay as (
    select * from {{ ref('int_bill_pay') }}
),

seen as (
    select
        business_id,
        account_id
    from counts
    union all
    select
        business_id,
        account_id
    from stream_availability
),

businesses as (
    select
        business_id,
        max(account_id) as account_id
    from seen
    where business_id is not null
    group by business_id
),

-- Without any business each stream still has its row.
united as (
    select
        businesses.account_id,
        businesses.business_id,
        named.stream_name,
        named.is_synced,
        named.needs_account,
        stream_availability.status,
        stream_availability.missing_scopes,
        stream_availability.counted_row_count,
        stream_availability.row_count as sent_row_count,
        coalesce(counts.row_count, 0) as row_count,
        coalesce(counts.deleted_row_count, 0) as deleted_row_count,
        counts.last_extracted_at,
        counts.newest_business_date,
        bill_pay.business_id is not null as is_in_bill_pay,
        coalesce(counts.row_count, 0) > 0
        or coalesce({{ is_known_to_be_empty('stream_availability') }}, false) as is_available
    from named
    left join businesses
        on businesses.business_id is not null
    left join counts
        on
            named.stream_name = counts.stream_name
            and businesses.business_id = counts.business_id
    left join stream_availability
        on
            named.stream_name = stream_availability.stream_name
            and businesses.business_id = stream_availability.business_id
    left join bill_pay
        on
            named.stream_name = 'bills'
            and businesses.business_id = bill_pay.business_id
)

select
    account_id,
    business_id,
    stream_name,
    is_synced,
    is_available,
    case
        when is_available and status = 'short' then 'short'
        when is_available and is_in_bill_pay then 'bill_pay'
        when is_available then null
        when status in ('not_granted', 'gated', 'refused', 'not_applicable') then status
        when business_id is not null and account_id is null and needs_account then 'not_applicable'
        when not is_synced then 'not_synced'
        when status in ('read', 'short') then 'lost'
        else 'not_read'
    end as gap_code,
    missing_scopes,
    counted_row_count,
    sent_row_count,
    row_count,
    deleted_row_count,
    last_extracted_at,
    newest_business_date
from united
