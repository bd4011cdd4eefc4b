import { readerQueries } from '../../../cli/connect/readerQueries.ts';
import { quoteText } from '../../../lib/base/sql.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { unitsQuery } from '../../../observe/experiments/checkExperiments.ts';
import { textOf } from '../../harness/textOf.ts';

/** A query of the docs or of `sluice check` on made rows in place of the views, and what it answers. */
export interface AnalystQuery {
  /** The heading of its section. */
  readonly heading: string;
  /** In Athena's dialect. */
  readonly sql: string;
  /** The rows as texts, numbers as JavaScript writes them. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** An event: its name, time, user, value and device. Its ID is its place. */
type Made = readonly [
  name: string,
  time: string,
  user: string | null,
  value?: number | null,
  device?: string,
];

const pageOf = (name: string) => textOf('docs', name);
const page = pageOf('experiments.md');
const text = (value: string | null | undefined) =>
  value === null || value === undefined ? 'CAST(NULL AS varchar)' : quoteText(value);

/** SQL of a time of 2026, and of its day. @param basic In the basic format of ISO 8601, as `1111T1200`. */
function timeOf(basic: string): { readonly time: string; readonly day: string } {
  const [, month, date, hour, minute] = /^(..)(..)T(..)(..)$/.exec(basic) ?? [];
  const day = `2026-${month}-${date}`;
  return { time: `TIMESTAMP '${day} ${hour}:${minute}:00'`, day: `DATE '${day}'` };
}

function productEvents(events: readonly Made[]): string {
  const values = events.map(([name, at, user, value = 0, device]) => {
    const { time, day } = timeOf(at);
    return `(${text(name)}, ${time}, ${day}, ${text(user)}, ${text(device)}, CAST(${value} AS double))`;
  });
  return `product_events AS (SELECT * FROM (VALUES ${values.join(', ')})
    AS made (event_name, "timestamp", ds, user_id, stable_id, value_number))`;
}

/** Units by ID with their group, and what else is true of some. All were exposed on November 10th at noon, late ones on the 21st. A device has an ID of another type. */
function firstExposures(
  units: readonly (readonly [unit: string, group: string, more?: string, experiment?: string])[],
  unitType = 'user_id',
): string {
  const values = units.map(([unit, group, more = '', experiment = 'checkout_button']) => {
    const day = more === 'late' ? '2026-11-21' : '2026-11-10';
    return `(${text(experiment)}, ${text(unit)}, ${text(more === 'device' ? 'stable_id' : unitType)}, ${text(group)}, TIMESTAMP '${day} 12:00:00', DATE '${day}', ${more === 'gate'}, ${more === 'held out'}, ${more === 'crossover' ? 2 : 1})`;
  });
  return `first_exposures AS (SELECT *, group_id AS group_name FROM (VALUES ${values.join(', ')})
    AS made (experiment_id, unit_id, unit_type, group_id, ts, first_day, is_gate, held_out, groups_seen))`;
}

/** A day that is so many days ago, and noon of it. */
const daysAgo = (days: number) => `date_add('day', -${days}, current_date)`;
const noon = (days: number) => `CAST(${daysAgo(days)} AS timestamp) + INTERVAL '12' HOUR`;

/** Units with their group, days since they were exposed, and what else is true of some. */
const EXPOSED: readonly (readonly [unit: string, group: string, days: number, more?: string])[] = [
  ['ada', 'test', 20],
  ['bob', 'test', 20],
  ['cyd', 'control', 40],
  ['dan', 'control', 41],
  ['eve', 'control', 10],
  ['fay', 'control', 9],
  ['gus', 'control', 20],
  ['hal', 'test', 20, 'crossover'],
  ['ivy', 'test', 20, 'held out'],
  ['joe', 'test', 20, 'gate'],
  ['kim', 'test', 20, 'device'],
];
/** Events of units, days since, hours after noon, and values. */
const BOUGHT: readonly (readonly [name: string, unit: string, days: number, hours: number, value: number])[] =
  [
    ['purchase', 'ada', 20, -1, 100],
    ['purchase', 'ada', 20, 0, 1],
    ['purchase', 'ada', 13, -1, 5],
    ['purchase', 'ada', 13, 0, 100],
    ['view', 'bob', 20, 1, 100],
    ['purchase', 'cyd', 40, 1, 2],
    ['purchase', 'hal', 20, 1, 100],
  ];

/** A query that `sluice connect` prints, of made rows in place of the views. @param wanted Its columns. */
function readerQuery(named: string, wanted = '*'): string {
  const exposed = EXPOSED.map(
    ([unit, group, days, more = '']) =>
      `('button', ${text(unit)}, ${text(more === 'device' ? 'stable_id' : 'user_id')}, ${text(group)}, ${noon(days)}, ${daysAgo(days)}, ${more === 'gate'}, ${more === 'held out'}, ${more === 'crossover' ? 2 : 1})`,
  );
  const bought = BOUGHT.map(
    ([name, unit, days, hours, value]) =>
      `(${text(name)}, ${noon(days)} + INTERVAL '${hours}' HOUR, ${daysAgo(days)}, ${text(unit)}, CAST(${value} AS double))`,
  );
  const daily = [
    [31, 'test', 'user_id', false, 9],
    [30, 'test', 'user_id', false, 3],
    [2, 'test', 'user_id', false, 5],
    [2, 'control', 'user_id', false, 4],
    [2, 'control', 'stable_id', false, 9],
    [2, 'control', 'user_id', true, 9],
  ].map(
    ([days, group, type, isGate, units]) =>
      `(${daysAgo(Number(days))}, 'button', ${text(String(group))}, ${text(String(type))}, ${isGate}, ${units})`,
  );
  const made = [
    `first_exposures AS (SELECT * FROM (VALUES ${exposed.join(', ')})
      AS made (experiment_id, unit_id, unit_type, group_id, ts, first_day, is_gate, held_out, groups_seen))`,
    `product_events AS (SELECT * FROM (VALUES ${bought.join(', ')})
      AS made (event_name, "timestamp", ds, user_id, value_number))`,
    `daily_exposures AS (SELECT * FROM (VALUES ${daily.join(', ')})
      AS made (ds, experiment_id, group_id, unit_type, is_gate, units))`,
  ];
  const { sql = '' } = readerQueries({ database: 'sluice' }).find(({ name }) => name === named) ?? {};
  return `WITH ${made.join(', ')} SELECT ${wanted} FROM (${sql.replaceAll('"sluice".', '')}) ORDER BY 1, 2`;
}

/** The query below a heading of the page, which reads the made rows. */
function query(heading: string, ...made: readonly string[]): string {
  const [, sql] = new RegExp(`^## ${heading}\n.*?^\`\`\`sql\nWITH (.*?)\`\`\``, 'ms').exec(page) ?? [];
  if (sql === undefined) throw new Error(`docs/experiments.md has no query below "${heading}".`);
  return `WITH ${[...made, sql].join(', ')}`;
}

/** The query below a heading of a page that reads `product_events` or this table, of these rows in its place. */
function queryOf(name: string, heading: string, rows: string, table = 'product_events'): string {
  const [, sql] =
    new RegExp(`^###? ${heading}\\n.*?^\`\`\`sql\\n(?:CREATE VIEW \\w+ AS )?(.*?)\`\`\``, 'ms').exec(
      pageOf(name),
    ) ?? [];
  if (sql === undefined) throw new Error(`docs/${name} has no query below "${heading}".`);
  return `WITH ${table} AS (${rows}) ${sql}`;
}

/** A query of experiments.md by its heading: {@link query}. */
const experiments = (heading: string, ...made: readonly string[]) => ({
  heading,
  sql: query(heading, ...made),
});
/** A query of another page by its heading: {@link queryOf}. */
const elsewhere = (name: string, heading: string, rows: string, table?: string) => ({
  heading,
  sql: queryOf(name, heading, rows, table),
});

/** Rows of which the newest of the last days was received 90 seconds ago. */
function receivedRows(): string {
  const row = (secondsAgo: number, daysAgo: number) =>
    `SELECT CAST(current_timestamp AS timestamp) - INTERVAL '${secondsAgo}' SECOND AS received_at, current_date - INTERVAL '${daysAgo}' DAY AS ds`;
  return [row(90, 1), row(400, 0), row(5, 2)].join(' UNION ALL ');
}

/** So many rows of an event on a day before today. */
function daysAgoRows(events: readonly (readonly [name: string, daysAgo: number, rows: number])[]): string {
  const values = events.map(([name, ago, rows]) => `(${text(name)}, ${ago}, ${rows})`);
  return `SELECT event_name, date_add('day', -ago, current_date) AS ds
    FROM (VALUES ${values.join(', ')}) AS made (event_name, ago, times) CROSS JOIN UNNEST(sequence(1, times)) AS t (nth)`;
}

/** Rows of a day and hour in November, UTC, with the version of their SDK, null if it is not sent. */
function senderRows(
  rows: readonly (readonly [time: string, name: string, version: string | null])[],
): string {
  const values = rows.map(([at, name, version]) => {
    const { time, day } = timeOf(at);
    return `(${time}, ${day}, ${text(name)}, ${text(version)})`;
  });
  return `SELECT * FROM (VALUES ${values.join(', ')}) AS made ("timestamp", ds, event_name, sdk_version)`;
}

/** Users whom the condition leaves of four: with an address of the company in events, with one in exposures, with another, with none. */
function withoutSomePeople(): string {
  const [, condition] = /^## Without some people\n.*?^```sql\n(.*?)```/ms.exec(page) ?? [];
  if (condition === undefined)
    throw new Error('docs/experiments.md has no condition that leaves people out.');
  const row = (user: string | null, email: string) =>
    `SELECT ${text(user)} AS user_id, ${text(JSON.stringify({ email }))} AS user_object, current_date AS ds`;
  const events = [row('ada', 'ada@acme.com'), row('bob', 'bob@example.com'), row(null, 'eve@acme.com')];
  const exposures = [row('dan', 'dan@acme.com'), row('bob', 'bob@example.com')];
  return `WITH product_events AS (${events.join(' UNION ALL ')}), experiment_exposures AS (
      SELECT user_id, user_object AS user_dimensions, ds FROM (${exposures.join(' UNION ALL ')}))
    SELECT f.unit_id FROM (VALUES ('ada'), ('bob'), ('cyd'), ('dan')) AS f (unit_id) WHERE true ${condition} ORDER BY 1`;
}

/** What is left of each purchase, by the query of refunds: one with two refunds, one with none, one without a number, one too old. */
function netPurchases(): string {
  const [, sql] = /^## Refunds\n.*?^```sql\nWITH (.*?)```/ms.exec(page) ?? [];
  if (sql === undefined) throw new Error('docs/experiments.md has no query of refunds.');
  const row = (name: string, user: string | null, days: number, order: string | null, value: number) =>
    `(${text(name)}, ${text(user)}, ${daysAgo(days)}, ${noon(days)}, ${text(JSON.stringify(order === null ? {} : { order }))}, CAST(${value} AS double))`;
  const events = [
    row('purchase', 'ada', 60, 'o-1', 20),
    row('refund', null, 45, 'o-1', -5),
    row('refund', 'bob', 5, 'o-1', -10),
    row('purchase', 'bob', 60, 'o-2', 7),
    row('purchase', 'cyd', 60, null, 3),
    row('refund', 'cyd', 60, null, -3),
    row('purchase', 'dan', 71, 'o-3', 9),
  ];
  return `WITH product_events AS (SELECT * FROM (VALUES ${events.join(', ')})
      AS made (event_name, user_id, ds, "timestamp", company_metadata, value_number)), ${sql.replaceAll('"sluice".', '')}
    SELECT user_id, value_number FROM purchases ORDER BY user_id`;
}

/** A purchase with such metadata. */
function purchaseRow(metadata: object): string {
  return `SELECT 'purchase' AS event_name, DATE '2026-11-11' AS ds, ${text(JSON.stringify(metadata))} AS company_metadata`;
}

/** A checkout with such metadata on a day of November. */
function checkoutRows(metadata: readonly object[]): string {
  return metadata
    .map(
      (of) =>
        `SELECT 'checkout' AS event_name, DATE '2026-11-11' AS ds, ${text(JSON.stringify(of))} AS company_metadata`,
    )
    .join(' UNION ALL ');
}

/** Exposures of users on a day to gates, or to a config where there is no value, by this rule and in production unless said. */
function gateRows(
  rows: readonly (readonly [
    name: string,
    user: string,
    value: boolean | null,
    rule: string,
    environment?: string,
  ])[],
): string {
  const values = rows.map(
    ([name, user, value, rule, environment = 'production']) =>
      `(${text(name)}, ${text(user)}, CAST(${value} AS boolean), ${text(rule)}, ${text(environment)}, ${text(value === null ? 'config' : 'gate')}, DATE '2026-11-20')`,
  );
  return `SELECT * FROM (VALUES ${values.join(', ')})
    AS made (experiment_id, user_id, gate_value, rule_id, environment, exposure_type, ds)`;
}

/** Exposures of users to an experiment, to a gate of its name if so said, at times in November, on a device if it is known. */
function exposureRows(
  rows: readonly (readonly [time: string, user: string, group: string, type?: string, device?: string])[],
): string {
  const values = rows.map(([at, user, group, type = 'config', device]) => {
    const { time, day } = timeOf(at);
    return `('checkout_button', ${text(type)}, ${text(user)}, ${text(device)}, ${text(group)}, ${time}, ${day}, ${group === ''})`;
  });
  return `experiment_exposures AS (SELECT *, group_id AS group_name FROM (VALUES ${values.join(', ')})
    AS made (experiment_id, exposure_type, user_id, stable_id, group_id, "timestamp", ds, held_out))`;
}

/** Rows of events or exposures with companies in place of devices. */
const ofCompanies = (made: string): string => made.replace('stable_id', 'company_id');

/** What `sluice check` counts of an experiment whose split is of November 11th, and of others. */
function unitsOfNewSplit(): string {
  const config = defineConfig({
    bucket: 'acme',
    experiments: ['homepage_hero', { name: 'checkout_button', split: { A: 90, B: 10 }, since: '2026-11-21' }],
  });
  const units = firstExposures([
    ['before', 'B'],
    ['after', 'A', 'late'],
    ['elsewhere', 'B', '', 'homepage_hero'],
    ['not configured', 'B', '', 'search'],
    ['several groups', 'B', 'crossover', 'search'],
    ['a device', 'B', 'device', 'search'],
    ['a gate', 'B', 'gate', 'search'],
  ]);
  return `WITH ${units} ${unitsQuery(config, 'user_id').replace(/FROM .*/, 'FROM first_exposures')}`;
}

/** The query of an experiment that began again, by the expression that the page puts in place of each `user_id`. */
function unitsOfLateId(
  rows: readonly (readonly [
    user: string,
    group: string,
    time: string,
    company: string | null,
    ids: object,
  ])[],
): string {
  const [, unit] = /`(COALESCE\(company_id, .*?'\)\))`/.exec(page) ?? [];
  if (unit === undefined) throw new Error('docs/experiments.md has no expression for an ID that came late.');
  const values = rows.map(([user, group, at, company, ids]) => {
    const { time, day } = timeOf(at);
    return `('checkout_button', 'config', ${text(user)}, ${text(company)}, ${text(JSON.stringify(ids))}, ${text(group)}, ${time}, ${day}, false)`;
  });
  const made = `experiment_exposures AS (SELECT *, group_id AS group_name FROM (VALUES ${values.join(', ')})
    AS made (experiment_id, exposure_type, user_id, company_id, custom_ids, group_id, "timestamp", ds, held_out))`;
  const [head, ...rest] = query('An experiment that began again').split(/(?<!')\buser_id\b/);
  return [`WITH ${made}, ${head?.replace(/^WITH /, '')}`, ...rest].join(unit);
}

/** The plans of customers by the two parts of the query of changes, of which one customer is deleted. */
function newestRows(): string {
  const kinds = pageOf('ingest-mapping.md');
  const [, select] = /`(SELECT customer_id, max_by.*?)`/.exec(kinds) ?? [];
  const [, having] = /`(HAVING NOT max_by.*?)`/.exec(kinds) ?? [];
  return `WITH acme_customers AS (SELECT * FROM (VALUES
      ('ada', 'free', NULL, 1), ('ada', 'pro', false, 2), ('bob', 'pro', true, 2), ('bob', 'free', NULL, 1), ('cyd', 'pro', true, 1), ('cyd', 'free', NULL, 2))
      AS made (customer_id, plan, deleted, changed_at)) ${select} ${having} ORDER BY customer_id`;
}

/** The queries besides that of conversion. */
export const analystQueries: readonly AnalystQuery[] = [
  {
    heading: 'sluice connect: exposed users by day and group',
    sql: readerQuery(
      'Exposed users by day and group',
      "date_diff('day', ds, current_date), experiment_group, users",
    ),
    rows: [
      ['2', 'button / control', '4'],
      ['2', 'button / test', '5'],
      ['30', 'button / test', '3'],
    ],
  },
  {
    heading: 'sluice connect: split and crossovers',
    sql: readerQuery('Split and crossovers'),
    rows: [
      ['button', 'control', '5', '55.56', '0'],
      ['button', 'test', '4', '44.44', '1'],
    ],
  },
  {
    heading: 'sluice connect: conversion by group',
    sql: readerQuery('Conversion by group'),
    // Bought from the exposure on, within seven days; users who were exposed 40 to 10 days ago, to one group.
    rows: [
      ['button', 'control', '3', '1', '33.33', '2'],
      ['button', 'test', '2', '1', '50', '6'],
    ],
  },
  {
    ...experiments(
      'An experiment that began again',
      exposureRows([
        ['1102T1000', 'ada', 'Control'],
        ['1110T0859', 'bob', 'Control'],
        ['1110T0900', 'ada', 'Test'],
        ['1111T1000', 'bob', 'Test'],
        ['1111T1000', 'cyd', 'Control'],
        ['1112T1000', 'cyd', 'Test'],
        ['1111T1000', 'dan', ''],
        ['1111T1000', 'eve', 'r1:Pass', 'gate'],
      ]),
    ),
    rows: [
      ['Control', '1', '1'],
      ['Test', '2', '0'],
    ],
  },
  {
    heading: 'An experiment by an ID that came late',
    sql: unitsOfLateId([
      ['ada', 'Control', '1110T1000', null, { companyID: 'acme' }],
      ['bob', 'Test', '1120T1000', 'acme', { companyID: 'acme' }],
      ['cyd', 'Test', '1120T1000', 'other', { companyID: 'other' }],
      ['dan', 'Test', '1120T1000', null, {}],
    ]),
    rows: [
      ['Control', '1', '1'],
      ['Test', '1', '0'],
    ],
  },
  {
    heading: 'sluice check, of a split that was changed',
    sql: unitsOfNewSplit(),
    rows: [
      ['checkout_button', 'A', 'A', '1', '0'],
      ['homepage_hero', 'B', 'B', '1', '0'],
      ['search', 'B', 'B', '2', '1'],
    ],
  },
  {
    ...elsewhere(
      'answers.md',
      'Each order once',
      `SELECT 'purchase' AS event_name, DATE '2026-11-11' AS ds, company_metadata, value_number FROM (VALUES
        ('{"order":"o-1"}', 12.5), ('{"order":"o-1"}', 12.5), ('{"order":2}', 7.0), ('{}', 100.0)) AS made (company_metadata, value_number)`,
    ),
    rows: [['2', '19.5']],
  },
  {
    heading: 'Refunds',
    sql: netPurchases(),
    rows: [
      ['ada', '5'],
      ['bob', '7'],
      ['cyd', '3'],
    ],
  },
  {
    ...elsewhere('metrics.md', 'How fresh are rows', receivedRows()),
    rows: [['90']],
  },
  {
    ...elsewhere(
      'metrics.md',
      'One event stops',
      daysAgoRows([
        ['less than half', 1, 10],
        ['less than half', 2, 141],
        ['half', 1, 10],
        ['half', 8, 140],
        ['few', 2, 139],
        ['today alone', 0, 200],
        ['long ago', 9, 200],
      ]),
    ),
    rows: [['less than half', '10', '141']],
  },
  {
    heading: 'A release that sent wrong events',
    sql: `SELECT event_name, CAST(ds AS varchar) FROM (${queryOf(
      'complete.md',
      'A release that sent wrong events',
      senderRows([
        ['1117T1000', 'purchase', '3.33.4'],
        ['1118T1000', 'purchase', '3.33.4'],
        ['1118T1100', 'purchase', '3.33.5'],
        ['1118T1200', 'view_item', '3.33.4'],
        ['1119T1000', 'purchase', null],
      ]),
    )}) AS good ORDER BY "timestamp"`,
    rows: [
      ['purchase', '2026-11-17'],
      ['purchase', '2026-11-18'],
      ['view_item', '2026-11-18'],
      ['purchase', '2026-11-19'],
    ],
  },
  {
    ...elsewhere(
      'complete.md',
      'Events that come later',
      `SELECT * FROM (VALUES
        ('a', TIMESTAMP '2026-11-14 10:00:00', DATE '2026-11-14'),
        ('b', TIMESTAMP '2026-11-15 10:00:00', DATE '2026-12-05'),
        ('b', TIMESTAMP '2026-11-15 10:00:00', DATE '2026-12-06'),
        ('c', TIMESTAMP '2026-11-21 00:00:00', DATE '2026-11-21'),
        ('d', TIMESTAMP '2026-11-01 10:00:00', DATE '2026-11-20')) AS made (event_id, "timestamp", ds)`,
    ),
    rows: [
      ['2026-11-14', '1'],
      ['2026-11-15', '1'],
    ],
  },
  {
    heading: 'Days of another time zone',
    sql: `${queryOf(
      'complete.md',
      'Days of another time zone',
      senderRows([
        ['1115T0300', 'late on the 14th in New York', ''],
        ['1115T0500', 'on the 15th', ''],
        ['1116T0459', 'the last minute of the 15th', ''],
      ]),
    )} ORDER BY 1`,
    rows: [
      ['2026-11-14', '1'],
      ['2026-11-15', '2'],
    ],
  },
  {
    ...elsewhere(
      'experiments.md',
      'Items of a list',
      checkoutRows([
        {
          items: [
            { sku: 'a', price: 2.5 },
            { sku: 'b', price: 4 },
          ],
        },
        { items: [{ sku: 'a', price: 3 }, { sku: 'c' }] },
        { items: [] },
        { items: JSON.stringify([{ sku: 'b', price: 1 }]) },
        { items: 'none' },
        { items: 7 },
        { total: 9 },
      ]),
    ),
    rows: [
      ['a', '2', '5.5'],
      ['b', '2', '5'],
      ['c', '1', null],
    ],
  },
  {
    ...elsewhere(
      'send.md',
      'IDs',
      `SELECT DATE '2026-11-11' AS ds, user_id, stable_id FROM (VALUES
        ('ada', 'phone'), ('ada', 'laptop'), (' Undefined', 'a'), ('0', NULL), (NULL, 'b')) AS made (user_id, stable_id)
        UNION ALL SELECT DATE '2026-11-11', 'guest', CAST(device AS varchar) FROM UNNEST(sequence(1, 21)) AS t (device)`,
    ),
    rows: [
      ['guest', '21', '21'],
      [' Undefined', '1', '1'],
      ['0', '0', '1'],
    ],
  },
  {
    ...elsewhere(
      'experiments.md',
      'Numbers in texts',
      ['12.5', ' 7 ', -2, '1e3', null, '', 'EUR 13', '13,50', '1 000', 'NaN', 'Infinity', '1d', '0x1F', true]
        .map((price) => purchaseRow({ price }))
        .join(' UNION ALL '),
    ),
    rows: [['1017.5', '8']],
  },
  {
    ...elsewhere(
      'experiments.md',
      'Gates and dynamic configs',
      gateRows([
        ['new_cart', 'ada', true, 'r1'],
        ['new_cart', 'ada', true, 'r1'],
        ['new_cart', 'ada', false, 'default'],
        ['new_cart', 'bob', false, 'default'],
        ['new_cart', 'cyd', false, 'disabled'],
        ['new_cart', 'not evaluated', false, ''],
        ['new_cart', 'a test', true, 'r1', 'staging'],
        ['old_cart', 'ada', true, 'r2'],
        ['a config', 'ada', null, 'r3'],
      ]),
      'statsig_forwarded_exposures',
    ),
    rows: [
      ['new_cart', '1', '3'],
      ['old_cart', '1', '0'],
    ],
  },
  { heading: 'Without some people', sql: withoutSomePeople(), rows: [['bob'], ['cyd']] },
  {
    ...experiments(
      'Conversion by device',
      productEvents([
        ['logs in', '1101T1000', 'two groups', 0, 'phone'],
        ['logs in', '1112T1000', 'two groups', 0, 'laptop'],
        ['purchase', '1111T1200', 'two groups', 100],
        ['logs in', '1101T1000', 'two devices', 0, 'tablet'],
        ['logs in', '1102T1000', 'two devices', 0, 'desktop'],
        ['purchase', '1111T1200', 'two devices', 7],
        ['logs in', '1101T1000', 'too early and too late', 0, 'watch'],
        ['purchase', '1110T1159', 'too early and too late', 100],
        ['purchase', '1117T1200', 'too early and too late', 100],
        ['view_item', '1111T1200', 'too early and too late', 100],
        ['purchase', '1111T1200', 'known by an exposure', 20],
        ['purchase', '1112T1200', 'known by an exposure', 1],
        ['purchase', '1111T1200', null, 5, 'without a user'],
        ['purchase', '1111T1200', 'never on a device', 100],
        ['purchase', '1122T1200', null, 100, 'late'],
        ['purchase', '1111T1200', null, 100, 'crossover'],
        ['purchase', '1111T1200', null, 100, 'held out'],
        ['purchase', '1111T1200', null, 100, 'in a gate'],
      ]),
      exposureRows([['1110T1200', 'known by an exposure', 'B', 'config', 'tv']]),
      firstExposures(
        [
          ['phone', 'A'],
          ['laptop', 'B'],
          ['tablet', 'A'],
          ['desktop', 'A'],
          ['watch', 'A'],
          ['tv', 'B'],
          ['without a user', 'B'],
          ['late', 'A', 'late'],
          ['crossover', 'A', 'crossover'],
          ['held out', 'A', 'held out'],
          ['in a gate', 'A', 'gate'],
        ],
        'stable_id',
      ),
    ),
    rows: [
      ['A', '2', '1', '7'],
      ['B', '2', '2', '26'],
    ],
  },
  {
    ...elsewhere(
      'experiments.md',
      'Crossovers',
      `SELECT current_date AS ds, * FROM (VALUES
        ('checkout_button', 'ada', 'B', 'py-server', false), ('checkout_button', 'ada', 'A', 'js-client', false),
        ('checkout_button', 'bob', 'A', 'js-client', false), ('checkout_button', 'bob', 'A', 'py-server', false),
        ('checkout_button', 'cyd', 'A', 'js-client', false), ('checkout_button', 'cyd', 'B', 'js-client', false),
        ('checkout_button', 'dan', 'A', 'js-client', false), ('checkout_button', 'dan', '', 'js-client', true),
        ('checkout_button', NULL, 'A', 'js-client', false), ('checkout_button', NULL, 'B', 'js-client', false),
        ('homepage_hero', 'bob', 'B', 'js-client', false))
        AS made (experiment_id, user_id, group_id, sdk_type, held_out)`,
      'experiment_exposures',
    ),
    rows: [
      ['A, B', 'js-client', '1'],
      ['A, B', 'js-client, py-server', '1'],
    ],
  },
  {
    ...elsewhere(
      'experiments.md',
      'Experiments without units',
      `SELECT current_date AS ds, 'checkout_button' AS experiment_id, * FROM (VALUES
        ('production', 'default', false, 'ada', 'phone'), ('production', 'default', false, NULL, 'phone'), ('staging', 'r1', true, 'bob', NULL))
        AS made (environment, rule_id, is_assignment, user_id, stable_id)`,
      'statsig_forwarded_exposures',
    ),
    rows: [
      ['production', 'default', 'false', '2', '1', '2'],
      ['staging', 'r1', 'true', '1', '1', '0'],
    ],
  },
  {
    heading: 'versions of an app as numbers',
    sql: `SELECT 'v' || app_version FROM (VALUES '3.9.7', '3.10', '3.10.1', '4', 'beta', NULL) AS made (app_version)
      WHERE ${/`(TRY\(CAST\(split\(app_version.*?)`/.exec(pageOf('complete.md'))?.[1]} ORDER BY 1`,
    rows: [['v3.10'], ['v3.10.1'], ['v4']],
  },
  {
    ...experiments(
      'Conversion by company',
      ofCompanies(
        productEvents([
          ['logs in', '1101T1000', 'ada', 0, 'acme'],
          ['purchase', '1111T1200', 'ada', 5],
          ['purchase', '1112T1200', 'bob', 7],
          ['purchase', '1110T1159', 'ada', 100],
          ['purchase', '1117T1200', 'ada', 100],
          ['view_item', '1111T1200', 'ada', 100],
          ['logs in', '1101T1000', 'of two', 0, 'other'],
          ['logs in', '1102T1000', 'of two', 0, 'acme'],
          ['purchase', '1111T1200', 'of two', 100],
          ['purchase', '1111T1200', 'of none', 100],
          ['logs in', '1101T1000', null, 0, 'other'],
          ['purchase', '1111T1200', null, 100],
          ['logs in', '1101T1000', 'late', 0, 'late'],
          ['purchase', '1122T1200', 'late', 100],
        ]),
      ),
      ofCompanies(exposureRows([['1110T1200', 'bob', 'A', 'config', 'acme']])),
      firstExposures(
        [
          ['acme', 'A'],
          ['quiet', 'A'],
          ['other', 'B'],
          ['late', 'B', 'late'],
          ['crossover', 'B', 'crossover'],
          ['held out', 'B', 'held out'],
          ['in a gate', 'B', 'gate'],
        ],
        'company_id',
      ),
    ),
    rows: [
      ['A', '2', '1', '12'],
      ['B', '1', '0', '0'],
    ],
  },
  {
    ...elsewhere(
      'cost.md',
      'Why the bill rose',
      `SELECT DATE '2026-11-20' AS ds, * FROM (VALUES
        ('page_view', '{"userID":"ada"}', NULL), ('page_view', '{}', NULL), ('purchase', '{}', '{"sku":"hat-7","shop":"b"}'), ('purchase', NULL, NULL))
        AS made (event_name, user_object, company_metadata)`,
      'statsig_forwarded_events',
    ),
    rows: [
      ['purchase', '2', '28'],
      ['page_view', '2', '18'],
    ],
  },
  {
    heading: 'Kinds, newest rows',
    sql: newestRows(),
    rows: [
      ['ada', 'pro'],
      ['cyd', 'free'],
    ],
  },
  {
    // In A joe's part has a mean of 150 and a p95 of 300; that of bob and dan, whose hashes begin alike, 400 and 500.
    ...experiments(
      'Means and percentiles of events',
      productEvents([
        ['page_load', '1110T1200', 'joe', 100],
        ['page_load', '1111T1200', 'joe', 100],
        ['page_load', '1112T1200', 'joe', 100],
        ['page_load', '1112T1300', 'joe', 300],
        ['page_load', '1120T1200', 'bob', 300],
        ['page_load', '1111T1200', 'dan', 500],
        ['page_load', '1111T1200', 'cyd', 200],
        ['page_load', '1111T1200', 'cyd', null],
        ['page_load', '1111T1200', 'leo', null],
        ['page_load', '1110T1159', 'joe', 9000],
        ['page_load', '1121T0000', 'joe', 9000],
        ['view_item', '1111T1200', 'joe', 9000],
        ['page_load', '1111T1200', null, 9000],
        ['page_load', '1111T1200', 'crossover', 9000],
        ['page_load', '1111T1200', 'held out', 9000],
        ['page_load', '1111T1200', 'in a gate', 9000],
        ['page_load', '1111T1200', 'a device', 9000],
        ['page_load', '1111T1200', 'elsewhere', 9000],
      ]),
      firstExposures([
        ['joe', 'A'],
        ['bob', 'A'],
        ['dan', 'A'],
        ['cyd', 'B'],
        ['leo', 'B'],
        ['crossover', 'A', 'crossover'],
        ['held out', 'A', 'held out'],
        ['in a gate', 'A', 'gate'],
        ['a device', 'A', 'device'],
        ['elsewhere', 'A', '', 'homepage_hero'],
      ]),
    ),
    rows: [
      ['A', '6', '275', '125', '400', '100'],
      ['B', '1', '200', null, '200', null],
    ],
  },
  {
    ...experiments(
      'Two experiments at once',
      productEvents([
        ['purchase', '1111T1200', 'ada'],
        ['purchase', '1111T1300', 'ada'],
        ['purchase', '1110T1159', 'bob'],
        ['view_item', '1111T1200', 'bob'],
        ['purchase', '1111T1200', 'one alone'],
      ]),
      firstExposures([
        ['ada', 'New', '', 'homepage_hero'],
        ['ada', 'Test'],
        ['bob', 'New', '', 'homepage_hero'],
        ['bob', 'Test'],
        ['cyd', 'Old', '', 'homepage_hero'],
        ['cyd', 'Test'],
        ['dan', 'Old', '', 'homepage_hero'],
        ['dan', 'Control', 'crossover'],
        ['eve', 'Old', 'gate', 'homepage_hero'],
        ['eve', 'Control'],
        ['one alone', 'Test'],
        ['fay', 'New', '', 'homepage_hero'],
        ['fay', 'Test', 'held out'],
        ['gus', 'New', 'held out', 'homepage_hero'],
        ['gus', 'Test'],
      ]),
    ),
    rows: [
      ['New', 'Test', '2', '1'],
      ['Old', 'Test', '1', '0'],
    ],
  },
  {
    ...experiments(
      'What a holdout shows',
      productEvents([
        ['purchase', '1111T1200', 'in', 3],
        ['purchase', '1111T1200', 'out', 5],
        ['purchase', '1112T1200', 'out', 5],
        ['purchase', '1102T0959', 'out', 100],
        ['view_item', '1111T1200', 'out', 100],
        ['purchase', '1111T1200', 'both', 100],
      ]),
      `secondary_exposures AS (SELECT *, CAST("timestamp" AS date) AS ds FROM (VALUES
        ('global_holdout', 'in', false, TIMESTAMP '2026-11-02 10:00:00'),
        ('global_holdout', 'in', false, TIMESTAMP '2026-11-03 10:00:00'),
        ('global_holdout', 'also in', false, TIMESTAMP '2026-11-03 10:00:00'),
        ('global_holdout', 'out', true, TIMESTAMP '2026-11-02 10:00:00'),
        ('global_holdout', 'both', false, TIMESTAMP '2026-11-02 10:00:00'),
        ('global_holdout', 'both', true, TIMESTAMP '2026-11-03 10:00:00'),
        ('a segment', 'elsewhere', true, TIMESTAMP '2026-11-02 10:00:00')) AS made (gate_id, user_id, gate_value, "timestamp"))`,
    ),
    rows: [
      ['false', '2', '1', '1.5'],
      ['true', '1', '1', '10'],
    ],
  },
  {
    ...experiments(
      'Retention',
      productEvents([
        ['a', '1101T1000', 'u1'],
        ['a', '1102T1000', 'u1'],
        ['a', '1108T1000', 'u1'],
        ['a', '1101T1000', 'u2'],
        ['b', '1101T1100', 'u2'],
        ['a', '1103T1000', 'u2'],
        ['a', '1102T1000', 'u3'],
        ['a', '1103T1000', 'u3'],
        ['b', '1103T1100', 'u3'],
        ['a', '1109T1000', 'u3'],
        ['a', '1101T1000', null, 0, 'd1'],
        ['a', '1031T1000', 'u3'],
      ]),
    ),
    rows: [
      ['2026-11-01', '2', '1', '1'],
      ['2026-11-02', '1', '1', '1'],
    ],
  },
  {
    ...experiments(
      'Funnel',
      productEvents([
        ['view_item', '1101T1000', 'all'],
        ['view_item', '1103T1000', 'all'],
        ['add_to_cart', '1101T1100', 'all'],
        ['purchase', '1101T1200', 'all'],
        ['purchase', '1101T1300', 'all'],
        ['view_item', '1101T1000', 'added before'],
        ['add_to_cart', '1101T0900', 'added before'],
        ['purchase', '1101T1200', 'added before'],
        ['view_item', '1101T2300', 'bought late'],
        ['add_to_cart', '1102T2200', 'bought late'],
        ['purchase', '1102T2300', 'bought late'],
        ['view_item', '1102T1000', 'bought before'],
        ['purchase', '1102T1030', 'bought before'],
        ['add_to_cart', '1102T1100', 'bought before'],
        ['purchase', '1102T1100', 'bought alone'],
      ]),
    ),
    rows: [
      ['2026-11-01', '3', '2', '1'],
      ['2026-11-02', '1', '1', '0'],
    ],
  },
  {
    ...experiments(
      'Persons',
      productEvents([
        ['looks', '1101T1000', null, 0, 'shared'],
        ['logs in', '1101T1100', 'ada', 0, 'shared'],
        ['looks', '1101T1200', null, 0, 'shared'],
        ['logs in', '1101T1300', 'bob', 0, 'shared'],
        ['looks', '1101T1400', null, 0, 'shared'],
        ['looks', '1101T1000', null, 0, 'unknown'],
        ['buys', '1101T1000', 'cyd'],
        ['buys', '1101T1100', 'ada', 0, 'other'],
        ['buys', '1101T1200', null],
      ]),
    ),
    rows: [
      ['ada', '3'],
      ['bob', '3'],
      ['cyd', '1'],
      ['unknown', '1'],
      [null, '1'],
    ],
  },
  {
    // With (before, after) of 0, 5 and 10, 9 in A and of 10, 13 and 20, 21 in B theta is 0.8: 13, 9 and 13, 13 are left.
    ...experiments(
      'CUPED',
      productEvents([
        ['purchase', '1110T1200', 'a1', 5],
        ['purchase', '1117T1200', 'a1', 100],
        ['purchase', '1027T1159', 'a1', 100],
        ['purchase', '1027T1200', 'a2', 4],
        ['purchase', '1110T1159', 'a2', 6],
        ['purchase', '1117T1159', 'a2', 9],
        ['view_item', '1111T1200', 'a2', 100],
        ['purchase', '1101T1200', 'b1', 10],
        ['purchase', '1111T1200', 'b1', 13],
        ['purchase', '1102T1200', 'b2', 20],
        ['purchase', '1112T1200', 'b2', 21],
        ['purchase', '1112T1200', 'b3', 100],
      ]),
      firstExposures([
        ['a1', 'A'],
        ['a2', 'A'],
        ['b1', 'B'],
        ['b2', 'B'],
        ['b3', 'B', 'held out'],
        ['b3', 'B', 'crossover'],
        ['b3', 'B', 'gate'],
      ]),
    ),
    rows: [
      ['A', '2', '7', '11', '2'],
      ['B', '2', '17', '13', '0'],
    ],
  },
];

/** Rows with their numbers as JavaScript writes them: Athena has 11.0 and Trino 1.1E1 for 11. */
export function plainNumbers(
  rows: readonly (readonly (string | null)[])[],
): readonly (readonly (string | null)[])[] {
  return rows.map((row) =>
    row.map((value) =>
      value !== null && /^-?\d[\d.]*(?:E-?\d+)?$/.test(value) ? String(Number(value)) : value,
    ),
  );
}
