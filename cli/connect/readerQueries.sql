-- Exposed users by day and group: Line chart with one line for each group: the users exposed on each day. Reads 30 days.
SELECT
  ds,
  experiment_id || ' / ' || group_id AS experiment_group,
  units AS users
FROM {{daily_exposures}}
WHERE ds >= date_add('day', -30, current_date)
  AND unit_type = 'user_id'
  AND NOT is_gate
ORDER BY ds, experiment_group

-- Split and crossovers: Table: whether users are split as planned, and how many saw more than one group (analyses exclude these users). Reads all days, because only all days together show which exposure was first.
SELECT
  experiment_id,
  group_id,
  count(*) AS users,
  round(1e2 * count(*) / sum(count(*)) OVER (PARTITION BY experiment_id), 2) AS share_percent,
  count_if(groups_seen > 1) AS crossovers
FROM {{first_exposures}}
WHERE unit_type = 'user_id'
  AND NOT is_gate
GROUP BY experiment_id, group_id
ORDER BY experiment_id, group_id

-- Conversion by group: Table: users who saw their group 40 to 10 days ago, how many of them bought within 7 days, and the revenue. Replace 'purchase' with your own event.
WITH purchases AS (
  SELECT user_id, "timestamp", value_number
  FROM {{product_events}}
  WHERE ds >= date_add('day', -40, current_date)
    AND event_name = 'purchase'
)
SELECT
  f.experiment_id,
  f.group_id,
  count(DISTINCT f.unit_id) AS users,
  count(DISTINCT p.user_id) AS buyers,
  round(1e2 * count(DISTINCT p.user_id) / count(DISTINCT f.unit_id), 2) AS conversion_percent,
  round(COALESCE(sum(p.value_number), 0), 2) AS revenue
FROM {{first_exposures}} AS f
LEFT JOIN purchases AS p
  ON p.user_id = f.unit_id
  AND p."timestamp" >= f.ts
  AND p."timestamp" < f.ts + INTERVAL '7' DAY
WHERE f.unit_type = 'user_id'
  AND NOT f.is_gate
  AND NOT f.held_out
  AND f.groups_seen = 1
  AND f.first_day BETWEEN date_add('day', -40, current_date) AND date_add('day', -10, current_date)
GROUP BY f.experiment_id, f.group_id
ORDER BY f.experiment_id, f.group_id
