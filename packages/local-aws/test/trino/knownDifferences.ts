/** A difference between the local Athena, or Athena itself, and the Trino of `npm run test:trino`. */
export interface KnownDifference {
  readonly name: string;
  /** The start of its row in docs/local.md. Null when Athena has the same difference. */
  readonly documented: string | null;
  readonly cases: readonly {
    readonly expression: string;
    readonly here: string | null;
    readonly trino: string | null;
  }[];
}

/** All known differences, each with expressions that show it. Any other difference is a defect. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    // Athena's only precision: https://docs.aws.amazon.com/athena/latest/ug/data-types-timestamps.html
    name: 'milliseconds',
    documented: null,
    cases: [
      {
        expression: "CAST(TIMESTAMP '2026-11-20 10:00:00' AS varchar)",
        here: '2026-11-20 10:00:00.000',
        trino: '2026-11-20 10:00:00',
      },
    ],
  },
  {
    name: 'zones',
    documented: '`… AT TIME ZONE`, `at_timezone`',
    cases: [
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
    ],
  },
  {
    name: 'broken JSON',
    documented: 'JSON that is truncated, or continues after its end',
    cases: [
      { expression: `json_extract_scalar('{"a":1', '$.a')`, here: null, trino: '1' },
      { expression: `json_extract_scalar('{"a":1} x', '$.a')`, here: null, trino: '1' },
    ],
  },
  {
    name: 'rewritten numbers',
    documented: 'numbers extracted from JSON',
    cases: [{ expression: `json_extract_scalar('{"a":1.50}', '$.a')`, here: '1.5', trino: '1.50' }],
  },
];
