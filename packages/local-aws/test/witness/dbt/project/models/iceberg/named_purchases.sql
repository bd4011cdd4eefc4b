{{ config(materialized='table', table_type='iceberg', partitioned_by=['group_name']) }}

select bought.group_id, names.group_name, names.share, names.since, cast(names.made_at as timestamp(6)) as made_at, bought.total
from {{ ref('purchases_by_group') }} as bought
join {{ ref('group_names') }} as names on names.group_id = bought.group_id
