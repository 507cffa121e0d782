with

stream_availability as (
    select * from {{ ref('int_stream_availability') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
)

select
    stream_availability.account_id,
    stream_availability.business_id,
    businesses.business_name,
    stream_availability.stream_name,
    stream_availability.is_synced,
    stream_availability.is_available,
    stream_availability.gap_code,
    cast(stream_availability.row_count as bigint) as row_count,
    cast(stream_availability.deleted_row_count as bigint) as deleted_row_count,
    stream_availability.last_extracted_at,
    stream_availability.newest_business_date,
    {{ as_of_date('stream_availability.business_id') }} as as_of_date,
    {{ constant_or_null('freshbooks_connector_version') }} as connector_version,
    {{ constant_or_null('freshbooks_generation') }} as generation
from stream_availability
left join businesses
    on stream_availability.business_id = businesses.business_id
