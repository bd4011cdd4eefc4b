{{
  config(
    materialized='incremental',
    incremental_strategy='append',
    partitioned_by=['as_of'],
  )
}}

-- What the scorecard said on each day: the first build of a day appends it. The key of the partitions comes last.
select experiment_id, metric, group_id, units, mean, lift, lift_low, lift_high, p_value, {{ last_day() }} as as_of
from {{ ref('scorecard') }}
{% if is_incremental() %}
where {{ last_day() }} > (select max(as_of) from {{ this }})
{% endif %}
