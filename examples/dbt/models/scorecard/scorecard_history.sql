{{
  config(
    materialized='incremental',
    table_type='iceberg',
    incremental_strategy='append',
    partitioned_by=['day(as_of)'],
  )
}}

-- What the scorecard said on each day: the first build of a day appends it.
select {{ last_day() }} as as_of, experiment_id, metric, group_id, units, mean, lift, lift_low, lift_high, p_value
from {{ ref('scorecard') }}
{% if is_incremental() %}
where {{ last_day() }} > (select max(as_of) from {{ this }})
{% endif %}
