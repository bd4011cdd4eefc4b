import type { AnalystQuery } from './AnalystQuery.ts';
import { text, valuesOf } from './madeRows.ts';
import { onMadeRows, sqlBelow } from './onMadeRows.ts';

/** A row that was received so many seconds ago, with its day so many days ago. */
interface Received {
  readonly secondsAgo: number;
  readonly daysAgo: number;
}

/** So many rows of an event on a day before today. */
interface EventsOfDay {
  readonly name: string;
  readonly daysAgo: number;
  readonly rows: number;
}

/** Rows of `product_events` by when they were received. */
function receivedRows(rows: readonly Received[]): string {
  return valuesOf(
    'received_at, ds',
    rows.map(({ secondsAgo, daysAgo }) => [
      `CAST(current_timestamp AS timestamp) - INTERVAL '${secondsAgo}' SECOND`,
      `current_date - INTERVAL '${daysAgo}' DAY`,
    ]),
  );
}

/** Rows of `product_events` by their days. */
function rowsOfDays(days: readonly EventsOfDay[]): string {
  const counts = valuesOf(
    'event_name, days_ago, times',
    days.map(({ name, daysAgo, rows }) => [text(name), daysAgo, rows]),
  );
  return `SELECT event_name, date_add('day', -days_ago, current_date) AS ds
    FROM (${counts}) CROSS JOIN UNNEST(sequence(1, times)) AS t (nth)`;
}

/** The queries of docs/metrics.md. */
export const metricsQueries: readonly AnalystQuery[] = [
  {
    title: 'How fresh are rows',
    sql: onMadeRows(sqlBelow('metrics.md', 'How fresh are rows'), {
      product_events: receivedRows([
        { secondsAgo: 90, daysAgo: 1 },
        { secondsAgo: 400, daysAgo: 0 },
        { secondsAgo: 5, daysAgo: 2 },
      ]),
    }),
    answers: [['90']],
  },
  {
    title: 'One event stops',
    sql: onMadeRows(sqlBelow('metrics.md', 'One event stops'), {
      product_events: rowsOfDays([
        { name: 'less than half', daysAgo: 1, rows: 10 },
        { name: 'less than half', daysAgo: 2, rows: 141 },
        { name: 'half', daysAgo: 1, rows: 10 },
        { name: 'half', daysAgo: 8, rows: 140 },
        { name: 'few', daysAgo: 2, rows: 139 },
        { name: 'today alone', daysAgo: 0, rows: 200 },
        { name: 'long ago', daysAgo: 9, rows: 200 },
      ]),
    }),
    answers: [['less than half', '10', '141']],
  },
];
