{{ config(materialized='table') }}

-- One row a unit and experiment. Units that a holdout keeps out are not among them, and all groups lose such units equally.
-- One that saw a second group stays with groups_seen > 1, so that crossovers can be counted; the scorecard leaves it out.
select experiment_id, unit_type, unit_id, group_id, first_exposed_at, first_day, groups_seen
from {{ ref('stg_units') }}
where not held_out
