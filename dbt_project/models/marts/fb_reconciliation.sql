{% set reports = ['receivable', 'collected', 'sales', 'expense', 'tax', 'profit', 'revenue', 'ledger', 'statement'] %}
with

consistency_checks as (
    select * from {{ ref('int_consistency_checks') }}
),

{% for report in reports %}
    {{ report }}_checks as (
        select * from {{ ref('int_' ~ report ~ '_checks') }}
    ),
{% endfor %}

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

compared as (
    select
        account_id,
        business_id,
        'own_arithmetic' as check_kind,
        check_name,
        currency_code,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        row_name,
        our_amount,
        freshbooks_amount,
        tolerance_amount
    from consistency_checks
    {% for report in reports %}
        union all
        select
            account_id,
            business_id,
            'freshbooks_report' as check_kind,
            check_name,
            currency_code,
            start_date,
            end_date,
            row_name,
            our_amount,
            freshbooks_amount,
            {{ tolerated_difference() }} as tolerance_amount
        from {{ report }}_checks
    {% endfor %}
),

measured as (
    select
        *,
        our_amount is null
        or freshbooks_amount is null
        or abs(our_amount - freshbooks_amount) > tolerance_amount as is_wrong
    from compared
),

-- The first rows that differ are named; their number is in wrong_row_count.
ranked as (
    select
        *,
        row_name
        || ': ' || coalesce({{ money_text('our_amount') }}, 'none')
        || ' against '
        || coalesce({{ money_text('freshbooks_amount') }}, 'none') as wrong_row,
        row_number() over (
            partition by account_id, business_id, check_name, currency_code, start_date, end_date
            order by row_name asc
        ) as row_position
    from measured
    where is_wrong
),

-- Nearly all rows are right, so only the others are put in order.
parts as (
    select
        account_id,
        business_id,
        check_kind,
        check_name,
        currency_code,
        start_date,
        end_date,
        sum(our_amount) as our_amount,
        sum(freshbooks_amount) as freshbooks_amount,
        count(*) as compared_row_count,
        sum(case when is_wrong then 1 else 0 end) as wrong_row_count,
        {{ raw_null('string') }} as wrong_rows
    from measured
    group by account_id, business_id, check_kind, check_name, currency_code, start_date, end_date
    union all
    select
        account_id,
        business_id,
        check_kind,
        check_name,
        currency_code,
        start_date,
        end_date,
        cast(null as {{ money_type() }}) as our_amount,
        cast(null as {{ money_type() }}) as freshbooks_amount,
        0 as compared_row_count,
        0 as wrong_row_count,
        {{ concat_rows('wrong_row', 'row_name') }} as wrong_rows
    from ranked
    where row_position <= 20
    group by account_id, business_id, check_kind, check_name, currency_code, start_date, end_date
),

checks as (
    select
        account_id,
        business_id,
        check_kind,
        check_name,
        currency_code,
        start_date,
        end_date,
        sum(our_amount) as our_amount,
        sum(freshbooks_amount) as freshbooks_amount,
        sum(compared_row_count) as compared_row_count,
        sum(wrong_row_count) as wrong_row_count,
        max(wrong_rows) as wrong_rows
    from parts
    group by account_id, business_id, check_kind, check_name, currency_code, start_date, end_date
)

select
    checks.account_id,
    checks.business_id,
    businesses.business_name,
    checks.check_kind,
    checks.check_name,
    checks.currency_code,
    checks.start_date,
    checks.end_date,
    cast(checks.our_amount as {{ money_type() }}) as our_amount,
    cast(checks.freshbooks_amount as {{ money_type() }}) as freshbooks_amount,
    cast(checks.our_amount - checks.freshbooks_amount as {{ money_type() }}) as difference_amount,
    checks.wrong_row_count = 0 as is_ok,
    cast(checks.compared_row_count as bigint) as compared_row_count,
    cast(checks.wrong_row_count as bigint) as wrong_row_count,
    nullif(checks.wrong_rows, '') as wrong_rows
from checks
left join businesses
    on checks.business_id = businesses.business_id
