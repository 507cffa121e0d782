{#
  Large facts may be kept between builds and renewed where they were read again: variable freshbooks_incremental, for a
  work schema that outlives a build, on warehouses that delete rows (not Spark). First the rows are deleted whose source
  was extracted later than they were, or is gone (not later than the newest row: connections are loaded one after the
  other, in any order); then what is absent is derived from the source anew, all of
  its versions considered. So a document that lost its lines leaves none, and a late version of a row never wins over a
  newer one. The time is that of extraction, never a business time; deletions are flags on rows that stay.
#}
{% macro fact_materialization() -%}
    {{ return('incremental' if var('freshbooks_incremental') else 'table') }}
{%- endmacro %}

{# Whether this build adds to a model. Asks the warehouse only when it may: else nothing does while compiling. #}
{% macro keeps_rows() -%}
    {{ return(var('freshbooks_incremental') and is_incremental()) }}
{%- endmacro %}

{#
  Pre-hook: deletes what `parents` (with an extraction time) says anew or no more. `key` maps columns here to columns
  there.
#}
{% macro delete_renewed(parents, key, extracted_at='parent.extracted_at') -%}
    {%- if keeps_rows() -%}
delete from {{ this }}
where
    not exists (
        select 1
        from {{ parents }} as parent
        where {{ same_key(key, 'parent', this.identifier) }}
    )
    or exists (
        select 1
        from {{ parents }} as parent
        where
            {{ extracted_at }} > {{ this.identifier }}.extracted_at
            and {{ same_key(key, 'parent', this.identifier) }}
    )
    {%- endif -%}
{%- endmacro %}

{# Pre-hook: delete_renewed for rows of a raw table; without the table there are none. #}
{% macro delete_renewed_rows(stream, key) -%}
    {%- if keeps_rows() and not has_stream(stream) -%}
delete from {{ this }}
    {%- else -%}
{{ delete_renewed(source('freshbooks', stream), key, try_type('parent._airbyte_extracted_at', 'timestamp')) }}
    {%- endif -%}
{%- endmacro %}

{# A where clause: rows of `parents` that have none in the model. #}
{% macro where_absent(parents, key) -%}
    {%- if keeps_rows() -%}
where not exists (
    select 1
    from {{ this }} as kept
    where {{ same_key(key, parents, 'kept') }}
)
    {%- endif -%}
{%- endmacro %}

{# A join condition: rows of two tables have the same key, whose parts have other names in each. #}
{% macro same_key(key, parents, rows) -%}
    {% for ours, theirs in key.items() %}{{ 'and ' if not loop.first }}{{ parents }}.{{ theirs }} = {{ rows }}.{{ ours }} {% endfor %}
{%- endmacro %}
