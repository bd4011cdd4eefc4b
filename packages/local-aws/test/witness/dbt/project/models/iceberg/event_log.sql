{{
  config(
    materialized='incremental',
    table_type='iceberg',
    incremental_strategy='append',
    partitioned_by=['day(happened_at)', 'bucket(user_id, 4)'],
    post_hook='VACUUM {{ this.render_pure() }}',
  )
}}

select event_id, event_name, user_id, cast("timestamp" as timestamp(6)) as happened_at
from {{ source('shop', 'product_events') }}
where ds <= date '{{ var("until") }}'
{% if is_incremental() %}
  and "timestamp" > (select max(happened_at) from {{ this }})
{% endif %}
