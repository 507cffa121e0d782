with

invoices as (
    select * from {{ ref('int_invoices') }}
),

credits as (
    select * from {{ ref('int_client_credits') }}
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
    {{ availability(['invoices', 'clients', 'credit_notes', 'payments']) }}
),

-- Every amount of a client in one currency: open, overpaid and draft invoices, and credit not yet used.
amounts as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        client_name_on_invoice,
        due_date,
        is_open,
        is_draft,
        days_overdue,
        aging_bucket,
        case when is_open then outstanding_amount else 0 end as open_amount,
        case when is_receivable and not is_dated_later and outstanding_amount < 0 then -outstanding_amount else 0 end
            as overpaid_amount,
        case when is_receivable and is_dated_later then outstanding_amount else 0 end as issued_later_amount,
        case when is_receivable then paid_later_amount else 0 end as paid_later_amount,
        case when is_draft then amount else 0 end as draft_amount,
        0 as unapplied_credit_amount
    from invoices
    where not is_deleted and (is_draft or outstanding_amount <> 0)
    union all
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        null as client_name_on_invoice,
        null as due_date,
        false as is_open,
        false as is_draft,
        0 as days_overdue,
        null as aging_bucket,
        0 as open_amount,
        0 as overpaid_amount,
        0 as issued_later_amount,
        0 as paid_later_amount,
        0 as draft_amount,
        unapplied_credit_amount
    from credits
),

balances as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        max(client_name_on_invoice) as client_name_on_invoice,
        sum(open_amount) as outstanding_amount,
        sum(case when days_overdue > 0 then open_amount else 0 end) as overdue_amount,
        sum(case when aging_bucket = 'current' then open_amount else 0 end) as current_amount,
        sum(case when aging_bucket = '1-30' then open_amount else 0 end) as overdue_1_30_amount,
        sum(case when aging_bucket = '31-60' then open_amount else 0 end) as overdue_31_60_amount,
        sum(case when aging_bucket = '61-90' then open_amount else 0 end) as overdue_61_90_amount,
        sum(case when aging_bucket = '91+' then open_amount else 0 end) as overdue_91_plus_amount,
        min(case when is_open then due_date end) as oldest_due_date,
        sum(case when is_open then 1 else 0 end) as open_invoice_count,
        sum(overpaid_amount) as overpaid_amount,
        sum(issued_later_amount) as issued_later_amount,
        sum(paid_later_amount) as paid_later_amount,
        sum(unapplied_credit_amount) as unapplied_credit_amount,
        sum(draft_amount) as draft_amount,
        sum(case when is_draft then 1 else 0 end) as draft_count
    from amounts
    group by account_id, business_id, client_id, currency_code
)

select
    balances.account_id,
    balances.business_id,
    businesses.business_name,
    balances.client_id,
    coalesce(clients.client_name, balances.client_name_on_invoice) as client_name,
    clients.organization,
    clients.client_status,
    balances.currency_code,
    {{ as_of_date('balances.business_id') }} as as_of_date,
    cast(balances.outstanding_amount as {{ money_type() }}) as outstanding_amount,
    cast(balances.overdue_amount as {{ money_type() }}) as overdue_amount,
    cast(balances.current_amount as {{ money_type() }}) as current_amount,
    cast(balances.overdue_1_30_amount as {{ money_type() }}) as overdue_1_30_amount,
    cast(balances.overdue_31_60_amount as {{ money_type() }}) as overdue_31_60_amount,
    cast(balances.overdue_61_90_amount as {{ money_type() }}) as overdue_61_90_amount,
    cast(balances.overdue_91_plus_amount as {{ money_type() }}) as overdue_91_plus_amount,
    balances.oldest_due_date,
    cast(balances.open_invoice_count as bigint) as open_invoice_count,
    cast(balances.overpaid_amount as {{ money_type() }}) as overpaid_amount,
    cast(balances.issued_later_amount as {{ money_type() }}) as issued_later_amount,
    case when {{ are_available(['payments']) }} then cast(balances.paid_later_amount as {{ money_type() }}) end
        as paid_later_amount,
    -- Unknown, not zero, when neither credit notes nor the client's own credit balance are there.
    case
        when {{ are_available(['credit_notes']) }} or clients.credit_balance is not null
            then cast(balances.unapplied_credit_amount as {{ money_type() }})
    end as unapplied_credit_amount,
    cast(balances.draft_amount as {{ money_type() }}) as draft_amount,
    cast(balances.draft_count as bigint) as draft_count,
    {{ gap_reason({
        'clients': 'true', 'payments': 'true', 'credit_notes': 'clients.credit_balance is null',
    }) }} as gap_reason
from balances
left join clients
    on
        balances.account_id = clients.account_id
        and balances.business_id = clients.business_id
        and balances.client_id = clients.client_id
left join businesses
    on balances.business_id = businesses.business_id
left join availability
    on balances.business_id = availability.business_id
-- Without invoices nobody knows what a client owes: there is no row, not a zero.
where {{ are_available(['invoices']) }}
