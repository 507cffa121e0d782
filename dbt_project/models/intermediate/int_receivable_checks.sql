{#
  FreshBooks' buckets: what the check is called, and which of our rows belong to it. Its first one holds what is not due
  yet, too.
#}
{% set buckets = {
    '0-30': ('accounts aging, up to 30 days', 'ar_aging.days_overdue <= 30'),
    '31-60': ('accounts aging, 31-60 days', "ar_aging.aging_bucket = '31-60'"),
    '61-90': ('accounts aging, 61-90 days', "ar_aging.aging_bucket = '61-90'"),
    '91+': ('accounts aging, 91 days and more', "ar_aging.aging_bucket = '91+'"),
} %}
with

invoices as (
    select * from {{ ref('int_invoices') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

ar_aging as (
    select * from {{ ref('ar_aging') }}
),

reports as (
    select * from {{ ref('stg_freshbooks__report_accounts_aging') }}
    where rejected_values is null
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

receivables as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        sum(freshbooks_outstanding_amount) as outstanding_amount
    from invoices
    where is_receivable
    group by account_id, business_id, client_id, currency_code
),

availability as (
    {{ availability(['invoices', 'payments']) }}
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
    inner join availability
        on clients.business_id = availability.business_id
    where
        clients.outstanding_balance is not null
        and {{ are_available(['invoices', 'payments']) }}
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
        sum({{ money(json_text('element', 'amount.amount'), "upper(" ~ json_text('element', 'amount.code') ~ ")") }})
            as balance_amount
    from client_elements
    where {{ is_currency("upper(" ~ json_text('element', 'amount.code') ~ ")") }}
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

days as (
    {{ balance_days() }}
),

dated_reports as (
    select * from reports
    where end_date in (select days.as_of_date from days)
),

current_reports as (
    {{ current_reports('dated_reports', ['invoices', 'payments'], ['invoices', 'payments']) }}
),

aging_elements as (
    {{ json_elements('current_reports', 'accounts', ['account_id', 'business_id', 'currency_code', 'end_date']) }}
),

sides as (
    select
        account_id,
        business_id,
        'client outstanding balance' as check_name,
        currency_code,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        client_id,
        0 as our_amount,
        balance_amount as freshbooks_amount
    from client_balances
    union all
    select
        account_id,
        business_id,
        'client outstanding balance' as check_name,
        currency_code,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        client_id,
        outstanding_amount as our_amount,
        0 as freshbooks_amount
    from current_receivables
    {% for bucket, (check, condition) in buckets.items() %}
        union all
        select
            account_id,
            business_id,
            '{{ check }}' as check_name,
            currency_code,
            cast(null as date) as start_date,
            end_date,
            cast({{ try_decimal(json_text('element', 'userid'), 18, 0) }} as bigint) as client_id,
            0 as our_amount,
            coalesce({{ money(json_bucket('element', bucket)) }}, 0) as freshbooks_amount
        from aging_elements
        union all
        select
            ar_aging.account_id,
            ar_aging.business_id,
            '{{ check }}' as check_name,
            ar_aging.currency_code,
            cast(null as date) as start_date,
            current_reports.end_date,
            ar_aging.client_id,
            case when {{ condition }} then ar_aging.outstanding_amount else 0 end as our_amount,
            0 as freshbooks_amount
        from ar_aging
        inner join current_reports
            on
                ar_aging.account_id = current_reports.account_id
                and ar_aging.business_id = current_reports.business_id
                and ar_aging.currency_code = current_reports.currency_code
                and ar_aging.as_of_date = current_reports.end_date
    {% endfor %}
),

named_sides as (
    select
        account_id,
        business_id,
        check_name,
        currency_code,
        start_date,
        end_date,
        'client ' || {{ as_text('client_id') }} as row_name,
        our_amount,
        freshbooks_amount
    from sides
)

{{ compared_rows('named_sides') }}
