{# Per stream the id of its rows in a business; a report is known by its currency, period and basis, if it has any. #}
{% set keys = {
    'businesses': ['business_id'], 'systems': ['system_id'], 'clients': ['client_id'], 'invoices': ['invoice_id'],
    'invoice_profiles': ['invoice_profile_id'], 'estimates': ['estimate_id'], 'payments': ['payment_id'],
    'credit_notes': ['credit_id'], 'expenses': ['expense_id'], 'expense_categories': ['category_id'],
    'items': ['item_id'], 'taxes': ['tax_id'], 'tasks': ['task_id'], 'bills': ['bill_id'],
    'bill_vendors': ['vendor_id'], 'bill_payments': ['bill_payment_id'], 'other_income': ['income_id'],
    'projects': ['project_id'], 'time_entries': ['time_entry_id'], 'services': ['service_id'],
    'service_rates': ['service_id'], 'team_members': ['team_member_uuid'], 'team_member_rates': ['identity_id'],
    'staff': ['staff_id'], 'journal_entry_accounts': ['ledger_account_id'], 'journal_entry_details': ['posting_id'],
    'journal_entries': ['journal_entry_uuid'], 'retainers': ['retainer_id'],
    'report_chart_of_accounts': ['currency_code', 'end_date'],
    'report_profit_and_loss': ['currency_code', 'basis', 'start_date', 'end_date'],
    'report_tax_summary': ['currency_code', 'basis', 'start_date', 'end_date'],
    'ledger_accounts': ['ledger_account_uuid'], 'report_balance_sheet': ['currency_code', 'end_date'],
    'report_accounts_aging': ['currency_code', 'end_date'],
} %}
{% for report in [
    'report_trial_balance', 'report_payments_collected',
    'report_invoice_details', 'report_expense_details', 'report_item_sales', 'report_revenue_by_client',
    'report_general_ledger', 'report_cash_flow',
] %}
    {% do keys.update({report: ['currency_code', 'start_date', 'end_date']}) %}
{% endfor %}
{% set row_columns = [
    'stream_name', 'account_id', 'business_id', 'row_key', 'row_number_in_stream', 'column_prefix', 'is_row_published',
] %}
with

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

-- Rows without a key have none to tell them apart, so they are numbered.
odd_rows as (
    {% for stream, key in keys.items() %}
        {{ 'union all' if not loop.first }}
        select
            '{{ stream }}' as stream_name,
            account_id,
            business_id,
            {% for column in key %}
                {{ "|| ' ' ||" if not loop.first }}
                {{ as_text(column) }}
            {% endfor %} as row_key,
            row_number() over (order by extracted_at asc) as row_number_in_stream,
            '' as column_prefix,
            rejected_values is null as is_row_published,
            rejected_values,
            replaced_values,
            loader_changes
        from {{ ref('stg_freshbooks__' ~ stream) }}
        where rejected_values is not null or replaced_values is not null or loader_changes is not null
    {% endfor %}
    union all
    select
        'invoices' as stream_name,
        account_id,
        business_id,
        {{ as_text('invoice_id') }} as row_key,
        0 as row_number_in_stream,
        'lines.' || {{ as_text('line_number') }} || '.' as column_prefix,
        true as is_row_published,
        null as rejected_values,
        replaced_values,
        cast(null as {{ json_type() }}) as loader_changes
    from {{ ref('int_invoice_lines') }}
    where replaced_values is not null
),

texts as (
    select
        {{ row_columns | join(',\n        ') }},
        1 as preference,
        rejected_values as told_values
    from odd_rows
    where rejected_values is not null
    union all
    select
        {{ row_columns | join(',\n        ') }},
        2 as preference,
        replaced_values as told_values
    from odd_rows
    where replaced_values is not null
),

numbers as (
    {% for number in range(1, 41) %}
        {{ 'union all' if not loop.first }}
        select {{ number }} as number
    {% endfor %}
),

told_lines as (
    select
        texts.*,
        {{ nth_line('texts.told_values', 'numbers.number') }} as told_line
    from texts
    cross join numbers
),

told as (
    select
        {{ row_columns | join(',\n        ') }},
        preference,
        {{ nth_word('told_line', 1) }} as told_column,
        {{ nth_word('told_line', 2) }} as why,
        substring(
            told_line, length({{ nth_word('told_line', 1) }}) + length({{ nth_word('told_line', 2) }}) + 3
        ) as told_value
    from told_lines
    where told_line <> ''
),

changed_rows as (
    select
        {{ row_columns | join(',\n        ') }},
        {{ json_part('loader_changes', 'changes') }} as changes
    from odd_rows
    where loader_changes is not null
),

change_elements as (
    {{ json_elements('changed_rows', 'changes', row_columns) }}
),

-- Rows that the connector could not pass on, for lack of a key: no raw table holds them.
stream_availability as (
    select * from {{ ref('stg_freshbooks__stream_availability') }}
    where rejected_values is null
),

withheld_elements as (
    {{ json_elements('stream_availability', 'rejected_rows', ['stream_name', 'account_id', 'business_id']) }}
),

united as (
    select * from told
    union all
    select
        stream_name,
        account_id,
        business_id,
        {{ json_text('element', 'key') }} as row_key,
        element_number as row_number_in_stream,
        '' as column_prefix,
        false as is_row_published,
        1 as preference,
        lower({{ json_text('element', 'column') }}) as told_column,
        {{ json_text('element', 'why') }} as why,
        substring({{ json_text('element', 'value') }}, 1, 200) as told_value
    from withheld_elements
    where {{ json_text('element', 'column') }} is not null
    union all
    select
        {{ row_columns | join(',\n        ') }},
        3 as preference,
        lower({{ json_text('element', 'field') }}) as told_column,
        'unreadable' as why,
        substring({{ json_text('element', 'value') }}, 1, 200) as told_value
    from change_elements
    where {{ json_text('element', 'field') }} is not null
),

-- What the loader nulled is missing in the raw table: its value is what was missing.
ranked as (
    select
        *,
        max(nullif(told_value, '')) over (
            partition by
                stream_name, account_id, business_id, row_key, row_number_in_stream, column_prefix, told_column
        ) as shown_value,
        max(case when preference = 3 then 1 else 0 end) over (
            partition by
                stream_name, account_id, business_id, row_key, row_number_in_stream, column_prefix, told_column
        ) as nulled_count,
        row_number() over (
            partition by
                stream_name, account_id, business_id, row_key, row_number_in_stream, column_prefix, told_column
            order by preference asc, why asc
        ) as place
    from united
),

listed as (
    select
        stream_name,
        account_id,
        business_id,
        row_key,
        column_prefix || told_column as column_name,
        shown_value,
        case when why = 'missing' and nulled_count = 1 then 'unreadable' else why end as why,
        is_row_published
    from ranked
    where place = 1
)

select
    listed.account_id,
    listed.business_id,
    businesses.business_name,
    listed.stream_name,
    listed.row_key,
    listed.column_name,
    cast(row_number() over (
        partition by
            listed.account_id, listed.business_id, listed.stream_name, listed.row_key, listed.column_name
        order by listed.shown_value asc, listed.why asc
    ) as bigint) as value_number,
    listed.shown_value as value_text,
    listed.why,
    case listed.why
        when 'missing_key' then 'A part of the key is missing, so the row cannot be distinguished from others.'
        when 'missing' then 'FreshBooks sends no value.'
        when 'too_large' then 'The amount is ten trillion or more.'
        when 'impossible_date' then 'There is no such day, or it is before 1900.'
        when 'missing_currency' then 'The amount has no currency.'
        when 'unknown_currency' then 'The currency is not in ISO 4217.'
        when 'two_currencies' then 'The row has amounts in two currencies.'
        when 'rounded' then 'The amount has more than three decimals; it is rounded to three.'
        when 'unknown_word' then 'FreshBooks does not document this value; it is kept as it is.'
        when 'second_of_business' then 'The business has another row of this kind, and only one can count.'
        else 'The value cannot be read.'
    end as reason,
    listed.is_row_published,
    {{ stream_fact('listed.stream_name', 'marts') }} as affected_marts
from listed
left join businesses
    on listed.business_id = businesses.business_id
