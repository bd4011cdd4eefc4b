{{ config(materialized='incremental', incremental_strategy='append') }}

select user_id, value_number, "timestamp" as bought_at
from {{ source('shop', 'product_events') }}
where event_name = 'purchase' and ds <= date '{{ var("until") }}'
{% if is_incremental() %}
  and "timestamp" > (select max(bought_at) from {{ this }})
{% endif %}
