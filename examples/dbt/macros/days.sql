{# The last day that counts, as an expression of type date. #}
{% macro last_day() -%}
  {%- if var('until') -%} date '{{ var("until") }}' {%- else -%} current_date {%- endif -%}
{%- endmacro %}

{#
  From which day on an incremental model reads again, as a literal: Athena then reads no older partitions. Undefined rows
  cost nothing: the first build reads all days.
#}
{% macro first_day_again(relation, column) -%}
  {%- set found = run_query("select cast(max(" ~ column ~ ") - interval '" ~ var('lookback_days') ~ "' day as varchar) from " ~ relation) -%}
  {%- set day = found.columns[0].values()[0] if execute else none -%}
  {{ return("date '" ~ (day or '1970-01-01') ~ "'") }}
{%- endmacro %}
