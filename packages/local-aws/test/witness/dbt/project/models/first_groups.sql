{{ config(materialized='view') }}

select unit_id, group_id, ts
from {{ source('shop', 'first_exposures') }}
where experiment_id = 'checkout_button' and unit_type = 'user_id' and groups_seen = 1
