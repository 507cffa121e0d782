with

invoices as (
    select * from {{ ref('int_invoices') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
),

ar_aging as (
    select * from {{ ref('ar_aging') }}
),

reports as (
    select * from {{ ref('stg_freshbooks__report_accounts_aging') }}
),

last_changes as (
    select
        account_id,
        business_id,
        client_id,
        max(updated_at) as changed_at
    from (
        select
            account_id,
            business_id,
            client_id,
            updated_at
        from invoices
        union all
        select
            account_id,
            business_id,
            client_id,
            updated_at
        from payments
    ) as changes
    group by account_id, business_id, client_id
),

business_changes as (
    select
        account_id,
        business_id,
        max(changed_at) as changed_at
    from last_changes
    group by account_id, business_id
),

receivables as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        sum(outstanding_amount) as outstanding_amount
    from invoices
    where is_receivable
    group by account_id, business_id, client_id, currency_code
),

-- Payments need not move a client: its balance is compared when the client changed after all of its documents.
current_clients as (
    select
        clients.account_id,
        clients.business_id,
        clients.client_id,
        clients.outstanding_balance
    from clients
    left join last_changes
        on
            clients.account_id = last_changes.account_id
            and clients.business_id = last_changes.business_id
            and clients.client_id = last_changes.client_id
    where
        clients.outstanding_balance is not null
        and (last_changes.changed_at is null or last_changes.changed_at <= clients.updated_at)
),

client_elements as (
    {{ json_elements('current_clients', 'outstanding_balance', ['account_id', 'business_id', 'client_id']) }}
),

client_balances as (
    select
        account_id,
        business_id,
        client_id,
        upper({{ json_text('element', 'amount.code') }}) as currency_code,
        sum({{ money(json_text('element', 'amount.amount')) }}) as balance_amount
    from client_elements
    group by account_id, business_id, client_id, upper({{ json_text('element', 'amount.code') }})
),

current_receivables as (
    select receivables.*
    from receivables
    inner join current_clients
        on
            receivables.account_id = current_clients.account_id
            and receivables.business_id = current_clients.business_id
            and receivables.client_id = current_clients.client_id
),

current_reports as (
    select reports.*
    from reports
    left join business_changes
        on
            reports.account_id = business_changes.account_id
            and reports.business_id = business_changes.business_id
    where
        reports.end_date in (select ar_aging.as_of_date from ar_aging)
        and (business_changes.changed_at is null or business_changes.changed_at <= reports.observed_at)
),

aging_elements as (
    {{ json_elements('current_reports', 'accounts', ['account_id', 'business_id', 'currency_code', 'end_date']) }}
),

reported_buckets as (
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        cast({{ try_decimal(json_text('element', 'userid'), 18, 0) }} as bigint) as client_id,
        coalesce({{ money(json_bucket('element', '0-30')) }}, 0) as not_late_amount,
        coalesce({{ money(json_bucket('element', '31-60')) }}, 0) as late_31_60_amount,
        coalesce({{ money(json_bucket('element', '61-90')) }}, 0) as late_61_90_amount,
        coalesce({{ money(json_bucket('element', '91+')) }}, 0) as late_91_plus_amount
    from aging_elements
),

our_aging as (
    select
        ar_aging.account_id,
        ar_aging.business_id,
        ar_aging.currency_code,
        ar_aging.as_of_date as end_date,
        ar_aging.client_id,
        sum(case when ar_aging.days_overdue <= 30 then ar_aging.outstanding_amount else 0 end) as not_late_amount,
        sum(case when ar_aging.aging_bucket = '31-60' then ar_aging.outstanding_amount else 0 end)
            as late_31_60_amount,
        sum(case when ar_aging.aging_bucket = '61-90' then ar_aging.outstanding_amount else 0 end)
            as late_61_90_amount,
        sum(case when ar_aging.aging_bucket = '91+' then ar_aging.outstanding_amount else 0 end)
            as late_91_plus_amount
    from ar_aging
    inner join current_reports
        on
            ar_aging.account_id = current_reports.account_id
            and ar_aging.business_id = current_reports.business_id
            and ar_aging.currency_code = current_reports.currency_code
            and ar_aging.as_of_date = current_reports.end_date
    group by
        ar_aging.account_id,
        ar_aging.business_id,
        ar_aging.currency_code,
        ar_aging.as_of_date,
        ar_aging.client_id
),

buckets as (
    select
        coalesce(reported_buckets.account_id, our_aging.account_id) as account_id,
        coalesce(reported_buckets.business_id, our_aging.business_id) as business_id,
        coalesce(reported_buckets.currency_code, our_aging.currency_code) as currency_code,
        coalesce(reported_buckets.end_date, our_aging.end_date) as end_date,
        coalesce(reported_buckets.client_id, our_aging.client_id) as client_id,
        coalesce(our_aging.not_late_amount, 0) as our_not_late_amount,
        coalesce(our_aging.late_31_60_amount, 0) as our_31_60_amount,
        coalesce(our_aging.late_61_90_amount, 0) as our_61_90_amount,
        coalesce(our_aging.late_91_plus_amount, 0) as our_91_plus_amount,
        coalesce(reported_buckets.not_late_amount, 0) as not_late_amount,
        coalesce(reported_buckets.late_31_60_amount, 0) as late_31_60_amount,
        coalesce(reported_buckets.late_61_90_amount, 0) as late_61_90_amount,
        coalesce(reported_buckets.late_91_plus_amount, 0) as late_91_plus_amount
    from reported_buckets
    full outer join our_aging
        on
            reported_buckets.account_id = our_aging.account_id
            and reported_buckets.business_id = our_aging.business_id
            and reported_buckets.currency_code = our_aging.currency_code
            and reported_buckets.end_date = our_aging.end_date
            and reported_buckets.client_id = our_aging.client_id
)

select
    coalesce(client_balances.account_id, current_receivables.account_id) as account_id,
    coalesce(client_balances.business_id, current_receivables.business_id) as business_id,
    'client outstanding balance' as check_name,
    coalesce(client_balances.currency_code, current_receivables.currency_code) as currency_code,
    cast(null as date) as start_date,
    cast(null as date) as end_date,
    'client ' || {{ as_text('coalesce(client_balances.client_id, current_receivables.client_id)') }} as row_name,
    coalesce(current_receivables.outstanding_amount, 0) as our_amount,
    coalesce(client_balances.balance_amount, 0) as freshbooks_amount
from client_balances
full outer join current_receivables
    on
        client_balances.account_id = current_receivables.account_id
        and client_balances.business_id = current_receivables.business_id
        and client_balances.client_id = current_receivables.client_id
        and client_balances.currency_code = current_receivables.currency_code
union all
select
    account_id,
    business_id,
    'accounts aging, up to 30 days' as check_name,
    currency_code,
    cast(null as date) as start_date,
    end_date,
    'client ' || {{ as_text('client_id') }} as row_name,
    our_not_late_amount as our_amount,
    not_late_amount as freshbooks_amount
from buckets
union all
select
    account_id,
    business_id,
    'accounts aging, 31-60 days' as check_name,
    currency_code,
    cast(null as date) as start_date,
    end_date,
    'client ' || {{ as_text('client_id') }} as row_name,
    our_31_60_amount as our_amount,
    late_31_60_amount as freshbooks_amount
from buckets
union all
select
    account_id,
    business_id,
    'accounts aging, 61-90 days' as check_name,
    currency_code,
    cast(null as date) as start_date,
    end_date,
    'client ' || {{ as_text('client_id') }} as row_name,
    our_61_90_amount as our_amount,
    late_61_90_amount as freshbooks_amount
from buckets
union all
select
    account_id,
    business_id,
    'accounts aging, 91 days and more' as check_name,
    currency_code,
    cast(null as date) as start_date,
    end_date,
    'client ' || {{ as_text('client_id') }} as row_name,
    our_91_plus_amount as our_amount,
    late_91_plus_amount as freshbooks_amount
from buckets
