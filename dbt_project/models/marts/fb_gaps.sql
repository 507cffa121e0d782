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
    stream_availability.gap_code,
    case stream_availability.gap_code
        when 'not_granted'
            then
                'Access was not approved'
                || coalesce(' (' || stream_availability.missing_scopes || ')', '') || '.'
        when 'gated' then 'The FreshBooks plan of this business does not include it.'
        when 'refused' then 'The role of the connected user in this business does not allow it.'
        when 'not_synced' then 'The stream is not synced.'
        when 'lost' then 'Rows were read before, but the raw table holds none of this business now.'
        when 'short'
            then
                'FreshBooks counts '
                || coalesce({{ as_text('stream_availability.counted_row_count') }}, 'more') || ' rows but sends '
                || coalesce({{ as_text('stream_availability.sent_row_count') }}, 'fewer') || '.'
        when 'bill_pay'
            then
                'Bills kept in Bill Pay cannot be read: the books owe suppliers (Accounts Payable), but '
                || 'FreshBooks lists neither bills nor vendors.'
        else 'No rows of this business were read yet, and it is not known whether there are any.'
    end as reason,
    case
        when stream_availability.gap_code = 'short' then 'Figures that draw on it lack the rows that are not sent.'
        when stream_availability.gap_code = 'bill_pay'
            then 'What you owe is incomplete, and so are money out, net cash and sales tax paid.'
        else {{ stream_fact('stream_availability.stream_name', 'effect') }}
    end as effect,
    case stream_availability.gap_code
        when 'not_granted'
            then
                'Tick '
                || coalesce(stream_availability.missing_scopes, 'the scope')
                || case
                    when
                        stream_availability.missing_scopes like '%user:account:read%'
                        or stream_availability.missing_scopes like '%user:retainers:read%'
                        then
                            ' in the FreshBooks app, then connect again asking for it '
                            || '(freshbooks connect --scopes extended) and approve it.'
                    else ' in the FreshBooks app, connect again and approve it.'
                end
        when 'gated' then 'Nothing to do, unless the plan of the business changes.'
        when 'refused' then 'Ask the owner of the business for a role that may see it, then sync again.'
        when 'not_synced' then 'Select the stream in the connection, then sync again.'
        when 'lost' then 'Run a full refresh of the stream.'
        when 'short' then 'Check in FreshBooks whether the connected user may see all of them.'
        when 'bill_pay'
            then
                'FreshBooks has no API for Bill Pay. Accounts Payable in balance_sheet or general_ledger is the total '
                || 'owed; bills that are entered under Bills are read.'
        else 'Wait for the sync that is running. If none is, sync the stream together with stream_availability.'
    end as remedy,
    {{ stream_fact('stream_availability.stream_name', 'marts') }} as affected_marts
from stream_availability
left join businesses
    on stream_availability.business_id = businesses.business_id
where stream_availability.business_id is not null and stream_availability.gap_code <> 'not_applicable'
