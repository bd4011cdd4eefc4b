import type { AnalystQuery } from './AnalystQuery.ts';
import { type Minute, minuteSql, text, valuesOf } from './madeRows.ts';
import { onMadeRows, partOf, sqlBelow } from './onMadeRows.ts';

/** An event by the version of the SDK that sent it; null if that is not known. */
type Sent = readonly [at: Minute, name: string, sdkVersion: string | null];

/** Rows of `product_events`. */
function sentRows(events: readonly Sent[]): string {
  return valuesOf(
    '"timestamp", ds, event_name, sdk_version',
    events.map(([at, name, sdkVersion]) => {
      const { time, day } = minuteSql(at);
      return [time, day, text(name), text(sdkVersion)];
    }),
  );
}

const goodEvents = sqlBelow('complete.md', 'A release that sent wrong events');
const localDays = sqlBelow('complete.md', 'Days of another time zone');
const isFrom310 = partOf('complete.md', /`(TRY\(CAST\(split\(app_version.*?)`/);

/** Queries of docs/complete.md. The first of the page is that of `firstQuery`. */
export const completeQueries: readonly AnalystQuery[] = [
  {
    title: 'Events that come later',
    sql: onMadeRows(sqlBelow('complete.md', 'Events that come later'), {
      product_events: valuesOf('event_id, "timestamp", ds', [
        ["'a'", "TIMESTAMP '2026-11-14 10:00:00'", "DATE '2026-11-14'"],
        ["'b'", "TIMESTAMP '2026-11-15 10:00:00'", "DATE '2026-12-05'"],
        ["'b'", "TIMESTAMP '2026-11-15 10:00:00'", "DATE '2026-12-06'"],
        ["'c'", "TIMESTAMP '2026-11-21 00:00:00'", "DATE '2026-11-21'"],
        ["'d'", "TIMESTAMP '2026-11-01 10:00:00'", "DATE '2026-11-20'"],
      ]),
    }),
    answers: [
      ['2026-11-14', '1'],
      ['2026-11-15', '1'],
    ],
  },
  {
    title: 'A release that sent wrong events',
    sql: onMadeRows(
      `SELECT event_name, CAST(ds AS varchar) FROM (${goodEvents}) AS good ORDER BY "timestamp"`,
      {
        product_events: sentRows([
          ['11-17 10:00', 'purchase', '3.33.4'],
          ['11-18 10:00', 'purchase', '3.33.4'],
          ['11-18 11:00', 'purchase', '3.33.5'],
          ['11-18 12:00', 'view_item', '3.33.4'],
          ['11-19 10:00', 'purchase', null],
        ]),
      },
    ),
    answers: [
      ['purchase', '2026-11-17'],
      ['purchase', '2026-11-18'],
      ['view_item', '2026-11-18'],
      ['purchase', '2026-11-19'],
    ],
  },
  {
    title: 'A release that sent wrong events: versions of an app from 3.10 on',
    // The letter keeps versions from being read as numbers: plainNumbers would have 3.1 for 3.10.
    sql: onMadeRows(`SELECT 'v' || app_version FROM versions WHERE ${isFrom310} ORDER BY 1`, {
      versions: valuesOf('app_version', [
        ["'3.9.7'"],
        ["'3.10'"],
        ["'3.10.1'"],
        ["'4'"],
        ["'beta'"],
        ['NULL'],
      ]),
    }),
    answers: [['v3.10'], ['v3.10.1'], ['v4']],
  },
  {
    title: 'Days of another time zone',
    sql: onMadeRows(`${localDays} ORDER BY 1`, {
      product_events: sentRows([
        ['11-15 03:00', 'late on the 14th in New York', null],
        ['11-15 05:00', 'on the 15th', null],
        ['11-16 04:59', 'the last minute of the 15th', null],
      ]),
    }),
    answers: [
      ['2026-11-14', '1'],
      ['2026-11-15', '2'],
    ],
  },
];
