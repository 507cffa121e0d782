{# Whether the raw table of a stream exists, by the variable freshbooks_streams (no introspection; null: all exist); usable in SQL. #}
{% macro has_stream(stream) -%}
    {%- set streams = build_value('freshbooks_streams') -%}
    {{ return(streams is none or stream in streams) }}
{%- endmacro %}

{# has_stream as a condition in SQL: a function tells the streams where the hub builds (macros/build_value.sql). #}
{% macro is_synced(stream) -%}
    {%- set streams = build_function('freshbooks_streams') -%}
    {{ streams ~ " like '% " ~ stream ~ " %'" if streams else has_stream(stream) | lower }}
{%- endmacro %}

{#
  A select that reads one raw table with every column typed, or a typed empty relation when the stream is
  not there. `columns` maps raw column names, in the case of the API, to a kind; they come out in lower case:

    bigint, timestamp (UTC), json, json_array
    boolean   flags of the connector (is_deleted, is_archived) are false when missing
    date      from 1900 on: an impossible day is null
    day       a text that starts with a day, as a date
    string    trimmed; empty text is null
    currency  ISO 4217 code in capitals, null when it is none
    id        bigint; 0 means none in the API, so it is null (freshbooks-api.md 6.4)
    decimal   number in text, decimal(18,6)
    rate      the same, less than a billion; percent: from -1000 to 1000
    money     {"amount": "12.30", "code": "USD"}: `<column>` decimal(18,3) and `<column>_currency_code`

  Beside them come `_airbyte_extracted_at`, `_airbyte_raw_id`, and what was wrong with the row, null when nothing was
  (macros/rejected.sql reads these texts):

    rejected_values  values without which the row cannot be counted. Whoever reads a staging model leaves such rows
                     out (where rejected_values is null); fb_rejected_rows lists them.
    replaced_values  values that could not be read or were missing, and are left empty or derived; the row counts.
    loader_changes   values that the loader or the connector nulled, as the JSON of Airbyte's `_airbyte_meta`.

  A row is rejected when a part of its `key` is missing, when one of `required` is missing or unreadable, when one of
  `readable` is there but cannot be read, and when a condition of `rejected` (column: [condition, why]) holds. What is
  missing of `expected` is listed only, and so is a word that `words` (column: words) does not know. `amounts` are the
  money columns of a row that has one currency: `row_currency_code`, from column `currency`, else from the required amounts.
  Deleted rows are counted nowhere, so they need no more than their key.

  Where the hub builds (macros/build_value.sql), the SQL for the other case stands beside it in a comment, so that one
  set of statements serves every choice of streams (freshbooks_hub/sync/replay.py).
#}
{% macro raw_stream(
    stream, columns, key, required=[], readable=[], expected=[], words={}, currency=none, amounts=[], rejected={}
) %}
{%- set rows = raw_rows(stream, columns, key, required, readable, expected, words, currency, amounts, rejected) -%}
{%- set no_rows = raw_no_rows(columns, amounts) -%}
{%- if not build_value('freshbooks_functions') %}
{{ rows if has_stream(stream) else no_rows }}
{%- elif has_stream(stream) %}
/* if {{ stream }} is there */
{{ rows }}
/* else: {{ no_rows }}
end of {{ stream }} */
{%- else %}
/* if {{ stream }} is not there */
{{ no_rows }}
/* else: {{ rows | replace('/*', '/+') | replace('*/', '+/') }}
end of {{ stream }} */
{%- endif %}
{% endmacro %}

{# The typed empty relation of a stream that is not there. #}
{% macro raw_no_rows(columns, amounts) %}
select
{%- for name, kind in dict(columns, _airbyte_extracted_at='timestamp', _airbyte_raw_id='string').items() %}
    {{ raw_null(kind) }} as {{ name | lower }},
    {%- if kind == 'money' %}
    {{ raw_null('string') }} as {{ name | lower }}_currency_code,
    {%- endif %}
{%- endfor %}
    {%- if amounts %}
    {{ raw_null('string') }} as row_currency_code,
    {%- endif %}
    {{ raw_null('string') }} as rejected_values,
    {{ raw_null('string') }} as replaced_values,
    {{ raw_null('json') }} as loader_changes
from (select 1 as one) as nothing
where one = 0
{% endmacro %}

{# The typed rows of a stream's raw table. #}
{% macro raw_rows(stream, columns, key, required, readable, expected, words, currency, amounts, rejected) %}
{%- set flags = ['is_deleted', 'is_archived'] -%}
{%- set names = [] -%}
{%- for name, kind in dict(columns, _airbyte_extracted_at='timestamp', _airbyte_raw_id='string').items() -%}
    {%- do names.append(name | lower) -%}
    {%- if kind == 'money' -%} {%- do names.append(name | lower ~ '_currency_code') -%} {%- endif -%}
{%- endfor -%}
{%- set key_entries, fatal, listed = [], [], [] -%}
{%- for name, kind in columns.items() -%}
    {%- set column = name | lower -%}
    {%- set missing = column ~ ' is null and ' ~ raw_is_missing('raw_' ~ column, kind) -%}
    {%- set entry = [column, raw_is_unreadable(column, kind), raw_problem(column, kind), raw_text(column, kind)] -%}
    {%- if name in key -%}
        {%- do key_entries.append([column, column ~ ' is null', 'missing_key', raw_text(column, kind)]) -%}
    {%- elif name in required -%}
        {%- do fatal.append([column, missing, 'missing', "''"]) -%}
        {%- do fatal.append(entry) if entry[1] -%}
    {%- elif name in readable -%}
        {%- do fatal.append(entry) if entry[1] -%}
    {%- else -%}
        {%- if name in expected -%} {%- do listed.append([column, missing, 'missing', "''"]) -%} {%- endif -%}
        {%- if name in flags -%} {%- do listed.append([column, 'raw_' ~ column ~ ' is null', 'missing', "''"]) -%} {%- endif -%}
        {%- do listed.append(entry) if entry[1] -%}
    {%- endif -%}
    {%- if name in words -%}
        {%- do listed.append([column, 'lower(' ~ as_text(column) ~ ') not in ' ~ sql_list(words[name]), 'unknown_word', as_text(column)]) -%}
    {%- endif -%}
{%- endfor -%}
{%- for column, told in rejected.items() -%}
    {%- do fatal.append([column, told[0], told[1], raw_text(column, columns.get(column, 'string'))]) -%}
{%- endfor -%}
{%- set row_currency = [] -%}
{%- if amounts -%}
    {%- if currency -%} {%- do row_currency.append('upper(' ~ currency ~ ')') -%} {%- endif -%}
    {#- An amount that may be zero or absent says little of the others' currency. -#}
    {%- set telling = amounts | select('in', required) | list or amounts -%}
    {%- for amount in telling -%} {%- do row_currency.append(amount | lower ~ '_currency_code') -%} {%- endfor -%}
    {%- set row_currency = (row_currency[0] if row_currency | length == 1 else 'coalesce(' ~ row_currency | join(', ') ~ ')') -%}
    {#- A missing amount is told already. -#}
    {%- set is_told = ' and ' ~ amounts[0] | lower ~ ' is not null' if amounts[0] in required else '' -%}
    {%- do fatal.append([currency or amounts[0] | lower, row_currency ~ ' is null' ~ is_told, 'missing_currency', "''"]) -%}
    {%- do fatal.append([
        currency or amounts[0] | lower, 'not ' ~ is_currency(row_currency), 'unknown_currency', row_currency
    ]) -%}
    {%- for amount in amounts -%}
        {%- set column = amount | lower -%}
        {%- do fatal.append([
            column, column ~ '_currency_code <> ' ~ row_currency ~ ' and ' ~ column ~ ' <> 0', 'two_currencies',
            column ~ '_currency_code'
        ]) -%}
        {%- do listed.append([
            column, column ~ '_currency_code is null and ' ~ column ~ ' <> 0', 'missing_currency', "''"
        ]) -%}
        {#- Money has three decimals here: what a currency of that many or more loses is told. -#}
        {%- do listed.append([
            column,
            column ~ '_currency_code in ' ~ sql_list(currencies_of_more_decimals())
            ~ ' and ' ~ try_decimal(column ~ '_text', 18, 5) ~ ' <> ' ~ column,
            'rounded',
            column ~ '_text',
        ]) -%}
    {%- endfor -%}
{%- endif -%}
{%- set there = raw_names(stream, columns) -%}
{%- set is_kept = 'not is_deleted' if 'is_deleted' in columns else 'true' %}
select
    {{ names | join(',\n    ') }},
    {%- if amounts %}
    {{ row_currency }} as row_currency_code,
    {%- endif %}
    case
        when {{ row_conditions(key_entries) }} or ({{ is_kept }} and ({{ row_conditions(fatal) }}))
            then {{ row_entries(key_entries + fatal) }}
    end as rejected_values,
    case when {{ is_kept }} and ({{ row_conditions(listed) }}) then {{ row_entries(listed) }} end as replaced_values,
    loader_changes
from (
    select
        {%- for name, kind in columns.items() if kind == 'money' %}
        {{ money(name | lower ~ '_text', name | lower ~ '_currency_code') }} as {{ name | lower }},
        {%- endfor %}
        texts.*
    from (
        select
{%- for name, kind in dict(columns, _airbyte_extracted_at='timestamp', _airbyte_raw_id='string').items() %}
        {%- if kind == 'money' %}
            upper(nullif(trim({{ json_text(try_type(raw_column(name, there), 'json'), 'code') }}), '')) as {{ name | lower }}_currency_code,
            {{ json_text(try_type(raw_column(name, there), 'json'), 'amount') }} as {{ name | lower }}_text,
        {%- else %}
            {{ raw_value(raw_column(name, there), kind) if name not in flags else 'coalesce(' ~ raw_value(name, kind) ~ ', false)' }} as {{ name | lower }},
        {%- endif %}
        {%- if not name.startswith('_airbyte') %}
            {{ raw_column(name, there) }} as raw_{{ name | lower }},
        {%- endif %}
{%- endfor %}
        {%- if var('freshbooks_loader_changes') %}
            case when {{ json_as_text('_airbyte_meta') }} like '%"change"%' then {{ try_type('_airbyte_meta', 'json') }} end
                as loader_changes
        {%- else %}
            {{ raw_null('json') }} as loader_changes
        {%- endif %}
        from {{ by_invoice(source('freshbooks', stream), 'invoiceid') if stream == 'invoices' else source('freshbooks', stream) }}
        {%- if held_businesses() %}
        where business_id is null or business_id not in ({{ held_businesses() | join(', ') }})
        {%- endif %}
    ) as texts
) as typed
{% endmacro %}

{#
  Names of the columns of a raw table where their case matters: on PostgreSQL, where Airbyte's destination keeps that of
  the API and other loaders write lower case. All other warehouses find them without; then none.
#}
{% macro raw_names(stream, columns) -%}
    {%- set names = [] -%}
    {%- if execute and target.type == 'postgres' and columns.keys() | join != columns.keys() | join | lower -%}
        {%- for column in adapter.get_columns_in_relation(source('freshbooks', stream)) -%}
            {%- do names.append(column.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}

{# A column of a raw table by its name in the API; `there`: what raw_names found. #}
{% macro raw_column(name, there) -%}
    {%- set is_lower = target.type != 'postgres' or name == name | lower or (there and name not in there) -%}
    {{ return(name | lower if is_lower else '"' ~ name ~ '"') }}
{%- endmacro %}

{# A raw column as its kind, null when it cannot be read; of money see raw_stream. #}
{% macro raw_value(name, kind) -%}
    {%- if kind == 'decimal' -%} {{ try_decimal(try_type(name, 'string')) }}
    {%- elif kind in ('rate', 'percent') -%} {{ bounded_decimal(try_type(name, 'string'), kind) }}
    {%- elif kind == 'string' -%} nullif(trim({{ try_type(name, 'string') }}), '')
    {%- elif kind == 'currency' -%} {{ known_currency('upper(trim(' ~ try_type(name, 'string') ~ '))') }}
    {%- elif kind == 'id' -%} nullif({{ try_type(name, 'bigint') }}, 0)
    {%- elif kind == 'json_array' -%} {{ try_type(name, 'json') }}
    {%- elif kind == 'date' -%} {{ possible_day(try_type(name, 'date')) }}
    {%- elif kind == 'day' -%} {{ possible_day(try_day(try_type(name, 'string'))) }}
    {%- else -%} {{ try_type(name, kind) }}
    {%- endif -%}
{%- endmacro %}

{# Whether a raw value says nothing. #}
{% macro raw_is_missing(raw, kind) -%}
    {%- if kind in ('money', 'json', 'json_array') -%} ({{ raw }} is null or {{ json_as_text(raw) }} = 'null')
    {%- elif kind == 'id' -%} coalesce({{ as_text(raw) }}, '0') in ('0', '')
    {%- elif kind in ('bigint', 'boolean', 'timestamp', 'date') -%} {{ raw }} is null
    {%- else -%} coalesce(trim({{ as_text(raw) }}), '') = ''
    {%- endif -%}
{%- endmacro %}

{# Whether the typed column lacks a value that is there; nothing for kinds that hold every value. #}
{% macro raw_is_unreadable(column, kind) -%}
    {%- if kind == 'json_array' -%}
        not {{ raw_is_missing('raw_' ~ column, kind) }} and {{ json_array_length(column) }} is null
    {%- elif kind != 'string' -%}
        {{ column }} is null and not {{ raw_is_missing('raw_' ~ column, kind) }}
    {%- endif -%}
{%- endmacro %}

{# Why a value cannot be read, as SQL or as a constant. #}
{% macro raw_problem(column, kind) -%}
    {%- if kind == 'money' -%}
        case when {{ try_decimal(column ~ '_text', 38, 2) }} is null then 'unreadable' else 'too_large' end
    {%- elif kind in ('date', 'day') -%} impossible_date
    {%- elif kind == 'currency' -%} unknown_currency
    {%- else -%} unreadable
    {%- endif -%}
{%- endmacro %}

{# The raw value as text. Of an object nothing more is said: warehouses write one and the same object differently. #}
{% macro raw_text(column, kind) -%}
    {%- set json = json_as_text('raw_' ~ column) -%}
    {%- set json = 'case when ' ~ json ~ " like '%{%' then '{...}' else " ~ json ~ ' end' -%}
    {%- if kind == 'money' -%} coalesce({{ column }}_text, {{ json }})
    {%- elif kind in ('json', 'json_array') -%} {{ json }}
    {%- else -%} {{ as_text('raw_' ~ column) }}
    {%- endif -%}
{%- endmacro %}

{# A null of a kind, for a column that the raw table lacks. #}
{% macro raw_null(kind) -%}
    {%- set text = api.Column.translate_type('string') -%}
    cast(null as {{ {
        'string': text, 'currency': text, 'id': 'bigint', 'day': 'date',
        'decimal': decimal(18, 6), 'rate': decimal(18, 6), 'percent': decimal(18, 6), 'money': money_type(),
        'json': json_type(), 'json_array': json_type(),
    }.get(kind, kind) }})
{%- endmacro %}

{# The type of JSON columns on this engine. #}
{% macro json_type() -%}
    {{ return({'duckdb': 'json', 'postgres': 'jsonb', 'snowflake': 'variant', 'bigquery': 'json'}.get(
        target.type, api.Column.translate_type('string')
    )) }}
{%- endmacro %}


{#
  The newest version of each row; a row without a stamp is as new as its reading. Rows that lack a part of the key are
  no versions of each other: each stays, to be listed.
#}
{% macro newest_version(relation, key, cursor) %}
select *
from (
    select
        *,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                coalesce({{ cursor }}, _airbyte_extracted_at) desc,
                _airbyte_extracted_at desc,
                _airbyte_raw_id desc
        ) as version_number
    from {{ relation }}
) as versions
where version_number = 1{% for column in key %} or {{ column }} is null{% endfor %}
{% endmacro %}
