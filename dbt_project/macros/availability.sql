{#
  Whether a stream can be relied on, per business. Rows of the business in its table are evidence; so is the connector's
  word (stream_availability) that it read the stream to its end and never met a row. An empty or missing table alone
  says nothing: what depends on it is null, not zero.
#}

{# A condition on rows of stg_freshbooks__stream_availability: read to its end, and truly empty. #}
{% macro is_known_to_be_empty(relation) -%}
    {{ relation }}.status in ('read', 'short') and not coalesce({{ relation }}.has_rows, true)
{%- endmacro %}

{#
  A select of one row per business with a boolean `has_<stream>` for each of the streams. A business without a row has
  none of them, so join it from the left. It reads the tables of these streams alone (not int_stream_availability, which
  reads all), so that a change of one stream does not rebuild every mart.
#}
{% macro availability(streams) %}
select
    business_id,
    {%- for stream in streams %}
    max(case when stream_name = '{{ stream }}' then 1 else 0 end) = 1 as has_{{ stream }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select
        told.business_id,
        told.stream_name
    from {{ ref('stg_freshbooks__stream_availability') }} as told
    where told.rejected_values is null and {{ is_known_to_be_empty('told') }}
    {%- for stream in streams %}
    union all
    select distinct
        business_id,
        '{{ stream }}' as stream_name
    from {{ by_invoice(ref('stg_freshbooks__' ~ stream), 'business_id') }}
    {%- endfor %}
) as evidence
where business_id is not null
group by business_id
{% endmacro %}

{# A condition: all of the streams are available, on a row joined with `relation` (an availability). #}
{% macro are_available(streams, relation='availability') -%}
    {%- for stream in streams -%}
    coalesce({{ relation }}.has_{{ stream }}, false){{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#
  The column gap_reason of a mart: which streams leave something of the row empty, in words, else null. `streams` maps a
  stream to the condition under which the row needs it. The name of the business counts too: the mart joins `businesses`.
#}
{% macro gap_reason(streams) -%}
    {%- set missing = [('businesses', 'businesses.business_id is null')] -%}
    {%- for stream, condition in streams.items() -%}
        {%- set needed = '' if condition == 'true' else '(' ~ condition ~ ') and ' -%}
        {%- do missing.append((stream, needed ~ 'not ' ~ are_available([stream]))) -%}
    {%- endfor -%}
    case
        when {% for stream, condition in missing %}{{ 'or ' if not loop.first }}({{ condition }}) {% endfor %}
            then 'Not available: ' || substring(
                {% for stream, condition in missing -%}
                {{ '|| ' if not loop.first }}case when {{ condition }} then ', {{ stream_words(stream) }}' else '' end
                {% endfor -%}
                , 3) || '.'
    end
{%- endmacro %}

{# What hours and their value need: stream to the condition under which a row of `relation` does, as for gap_reason. #}
{% macro time_streams(relation) -%}
    {{ return({
        'projects': relation ~ '.project_id is not null',
        'clients': relation ~ '.account_id is not null and ' ~ relation ~ '.client_id is not null',
        'services': relation ~ '.service_id is not null',
        'team_members': relation ~ '.identity_id is not null',
        'service_rates': relation ~ ".rate_source = 'service_rate' and " ~ relation ~ '.service_id is not null',
        'team_member_rates': relation ~ ".rate_source = 'team_member_rate'",
        'systems': relation ~ '.account_id is not null and ' ~ relation ~ '.client_id is null and '
            ~ relation ~ '.currency_code is null',
    }) }}
{%- endmacro %}

{#
  A select of how many rows each stream has of each business, in every state, rejected ones too: that they are there is
  what counts. newest_business_date is the newest day of the stream's documents or reports, null when it has none.
#}
{% macro stream_counts() %}
{%- set days = {
    'invoices': 'create_date', 'invoice_profiles': 'create_date', 'estimates': 'create_date',
    'payments': 'payment_date', 'credit_notes': 'create_date', 'expenses': 'expense_date', 'bills': 'issue_date',
    'bill_payments': 'payment_date', 'other_income': 'income_date', 'time_entries': 'entry_date',
    'journal_entry_details': 'posting_date',
} -%}
{%- for stream in stream_facts() %}
{{ 'union all' if not loop.first }}
select
    '{{ stream }}' as stream_name,
    business_id,
    max(account_id) as account_id,
    count(*) as row_count,
    sum(case when is_deleted then 1 else 0 end) as deleted_row_count,
    max(extracted_at) as last_extracted_at,
    max({{ 'end_date' if stream.startswith('report_') else days.get(stream, 'cast(null as date)') }}) as newest_business_date
from {{ ref('stg_freshbooks__' ~ stream) }}
group by business_id
{%- endfor %}
{% endmacro %}

{# A select of all streams: whether their table exists, and whether only a business with accounting has them. #}
{% macro stream_names() %}
{%- set without_accounting = [
    'businesses', 'projects', 'time_entries', 'services', 'service_rates', 'team_members', 'team_member_rates',
] -%}
{%- for stream in stream_facts() %}
{{ 'union all' if not loop.first }}
select
    '{{ stream }}' as stream_name,
    {{ is_synced(stream) }} as is_synced,
    {{ 'false' if stream in without_accounting else 'true' }} as needs_account
{%- endfor %}
{% endmacro %}
