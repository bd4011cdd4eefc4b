{% snapshot unit_groups_iceberg %}
{{ config(unique_key='unit_id', strategy='check', check_cols=['group_id'], hard_deletes='invalidate', table_type='iceberg') }}

select user_id as unit_id, max_by(group_id, "timestamp") as group_id
from {{ source('shop', 'experiment_exposures') }}
where experiment_id = 'checkout_button' and user_id is not null
  and "timestamp" <= timestamp '{{ var("seen_until") }}'
group by user_id

{% endsnapshot %}
