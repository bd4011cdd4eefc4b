{{
  config(
    materialized='incremental',
    table_type='iceberg',
    incremental_strategy='merge',
    unique_key='user_id',
    merge_update_columns=['events', 'total', 'last_day'],
    merge_update_columns_rules={'events': 'sum', 'total': 'sum'},
    table_properties={'optimize_rewrite_delete_file_threshold': '2'},
    post_hook='OPTIMIZE {{ this.render_pure() }} REWRITE DATA USING BIN_PACK',
  )
}}

-- Only new days are read, and their sums added.
select
  user_id,
  min(ds) as first_day,
  max(ds) as last_day,
  count(*) as events,
  coalesce(sum(value_number), 0e0) as total
from {{ source('shop', 'product_events') }}
where user_id is not null and ds <= date '{{ var("until") }}'
{% if is_incremental() %}
  and ds > (select max(last_day) from {{ this }})
{% endif %}
group by user_id
