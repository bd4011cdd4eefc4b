/** An expression whose value differs between the local Athena and Trino: "Differences" of docs/athena.md has the rule, unless Athena differs, too. */
interface KnownDifference {
  /** In Trino's SQL. */
  readonly expression: string;
  /** The value in the local Athena, as text; null for NULL. */
  readonly here: string | null;
  /** The value in Trino, in the same form. */
  readonly trino: string | null;
}

/** All known differences. Any other is a defect. */
export const knownDifferences: readonly KnownDifference[] = [
  // Athena's only precision is milliseconds: https://docs.aws.amazon.com/athena/latest/ug/data-types-timestamps.html
  {
    expression: "CAST(TIMESTAMP '2026-11-20 10:00:00' AS varchar)",
    here: '2026-11-20 10:00:00.000',
    trino: '2026-11-20 10:00:00',
  },
  // The name of a zone is not kept.
  {
    expression: "TIMESTAMP '2026-11-20 10:00:00.000 -08:00'",
    here: '2026-11-20 18:00:00.000 UTC',
    trino: '2026-11-20 10:00:00.000 -08:00',
  },
  {
    expression: "TIMESTAMP '2026-11-20 10:00:00.000' AT TIME ZONE 'America/New_York'",
    here: '2026-11-20 05:00:00.000',
    trino: '2026-11-20 05:00:00.000 America/New_York',
  },
  {
    expression: "at_timezone(TIMESTAMP '2026-11-20 10:00:00.000 UTC', 'Europe/Vienna')",
    here: '2026-11-20 11:00:00.000',
    trino: '2026-11-20 11:00:00.000 Europe/Vienna',
  },
  {
    expression: "from_iso8601_timestamp('2026-11-20T10:00:00+02:00')",
    here: '2026-11-20 08:00:00.000 UTC',
    trino: '2026-11-20 10:00:00.000 +02:00',
  },
  // Nothing is extracted from JSON that is no JSON as a whole.
  { expression: `json_extract_scalar('{"a":1', '$.a')`, here: null, trino: '1' },
  { expression: `json_extract_scalar('{"a":1} x', '$.a')`, here: null, trino: '1' },
  // Numbers are not as they are written.
  { expression: `json_extract_scalar('{"a":1.50}', '$.a')`, here: '1.5', trino: '1.50' },
  { expression: `json_extract_scalar('{"a":1e2}', '$.a')`, here: '100.0', trino: '1e2' },
  { expression: `json_extract_scalar('{"a":-0}', '$.a')`, here: '0', trino: '-0' },
  // Keys are not sorted.
  {
    expression: `json_format(json_parse('{"b":1,"a":2}'))`,
    here: '{"b":1,"a":2}',
    trino: '{"a":2,"b":1}',
  },
  // What cannot be computed is no NULL.
  { expression: 'corr(1e0, 2e0)', here: 'NaN', trino: null },
];
