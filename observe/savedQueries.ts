/**
 * Queries of names, which the console's page SQL offers. Athena's dialect. Resends and the SDKs' own
 * telemetry are not counted, because the view `product_events` leaves them out.
 */
export const savedQueries = [
  {
    title: 'Event names of seven days',
    sql: `SELECT event_name, count(*) AS events, count(value_number) AS numbers, min(ds) AS first_day, max(ds) AS last_day
FROM product_events
WHERE ds > current_date - INTERVAL '7' DAY
GROUP BY event_name
ORDER BY events DESC`,
  },
  {
    title: 'Properties and their types of seven days',
    sql: `SELECT event_name, property, type, count(*) AS events, min(ds) AS first_day, max(ds) AS last_day
FROM (
  SELECT event_name, ds, property,
    CASE substr(json_format(value), 1, 1)
      WHEN '"' THEN 'string' WHEN '{' THEN 'object' WHEN '[' THEN 'array'
      WHEN 't' THEN 'boolean' WHEN 'f' THEN 'boolean' WHEN 'n' THEN 'null' ELSE 'number'
    END AS type
  FROM product_events
  CROSS JOIN UNNEST(TRY(CAST(json_parse(company_metadata) AS MAP(VARCHAR, JSON)))) AS members (property, value)
  WHERE ds > current_date - INTERVAL '7' DAY AND company_metadata IS NOT NULL
)
GROUP BY event_name, property, type
ORDER BY event_name, property, events DESC`,
  },
] as const;
