import type { AnalystQuery } from './AnalystQuery.ts';
import { eventRows, exposureRows, type Minute, minuteSql, text, unitRows, valuesOf } from './madeRows.ts';
import { onMadeRows, partOf, sqlBelow } from './onMadeRows.ts';

/** What a gate or segment above experiments answered to a user. */
type Secondary = readonly [gate: string, user: string, answer: boolean, at: Minute];

/** Rows of `secondary_exposures`. */
function secondaryRows(exposures: readonly Secondary[]): string {
  return valuesOf(
    'gate_id, user_id, gate_value, "timestamp", ds',
    exposures.map(([gate, user, answer, at]) => {
      const { time, day } = minuteSql(at);
      return [text(gate), text(user), answer, time, day];
    }),
  );
}

const ofEvents = sqlBelow('experiments.md', 'Means and percentiles of events');

/** The query of means, with the page's ratio in place of the mean and of the percentile. */
function ratioOfEvents(): string {
  const ratio = partOf('experiments.md', /\*\*A ratio\*\*.*?`(CAST.*?) AS mean`/);
  return ofEvents
    .replace(/avg\(p\.value_number\) AS mean, .*? AS p95/, () => `${ratio} AS mean`)
    .replace(/,\n +round\(avg\(p95\).*/, '')
    .replaceAll(/(?<=mean\)+), 1\)/g, ', 4)')
    .replace(/p\.event_name = 'page_load' AND .*/, "p.event_name IN ('click', 'view_item')");
}

/** The queries of docs/experiments.md that compare what units of the groups did. */
export const effectQueries: readonly AnalystQuery[] = [
  {
    title: 'Conversion by device',
    sql: onMadeRows(sqlBelow('experiments.md', 'Conversion by device'), {
      product_events: eventRows([
        ['logs in', '11-01 10:00', 'two groups', 0, 'phone'],
        ['logs in', '11-12 10:00', 'two groups', 0, 'laptop'],
        ['purchase', '11-11 12:00', 'two groups', 100],
        ['logs in', '11-01 10:00', 'two devices', 0, 'tablet'],
        ['logs in', '11-02 10:00', 'two devices', 0, 'desktop'],
        ['purchase', '11-11 12:00', 'two devices', 7],
        ['logs in', '11-01 10:00', 'too early and too late', 0, 'watch'],
        ['purchase', '11-10 11:59', 'too early and too late', 100],
        ['purchase', '11-17 12:00', 'too early and too late', 100],
        ['view_item', '11-11 12:00', 'too early and too late', 100],
        ['purchase', '11-11 12:00', 'known by an exposure', 20],
        ['purchase', '11-12 12:00', 'known by an exposure', 1],
        ['purchase', '11-11 12:00', null, 5, 'without a user'],
        ['purchase', '11-11 12:00', 'never on a device', 100],
        ['purchase', '11-22 12:00', null, 100, 'late'],
        ['purchase', '11-11 12:00', null, 100, 'crossover'],
        ['purchase', '11-11 12:00', null, 100, 'held out'],
        ['purchase', '11-11 12:00', null, 100, 'in a gate'],
      ]),
      experiment_exposures: exposureRows([['11-10 12:00', 'known by an exposure', 'B', 'config', 'tv']]),
      first_exposures: unitRows(
        {
          checkout_button: [
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
        },
        'stable_id',
      ),
    }),
    answers: [
      ['A', '2', '1', '7'],
      ['B', '2', '2', '26'],
    ],
  },
  {
    title: 'Conversion by company',
    sql: onMadeRows(sqlBelow('experiments.md', 'Conversion by company'), {
      product_events: eventRows(
        [
          ['logs in', '11-01 10:00', 'ada', 0, 'acme'],
          ['purchase', '11-11 12:00', 'ada', 5],
          ['purchase', '11-12 12:00', 'bob', 7],
          ['purchase', '11-10 11:59', 'ada', 100],
          ['purchase', '11-17 12:00', 'ada', 100],
          ['view_item', '11-11 12:00', 'ada', 100],
          ['logs in', '11-01 10:00', 'of two', 0, 'other'],
          ['logs in', '11-02 10:00', 'of two', 0, 'acme'],
          ['purchase', '11-11 12:00', 'of two', 100],
          ['purchase', '11-11 12:00', 'of none', 100],
          ['logs in', '11-01 10:00', null, 0, 'other'],
          ['purchase', '11-11 12:00', null, 100],
          ['logs in', '11-01 10:00', 'late', 0, 'late'],
          ['purchase', '11-22 12:00', 'late', 100],
        ],
        'company_id',
      ),
      experiment_exposures: exposureRows([['11-10 12:00', 'bob', 'A', 'config', 'acme']], 'company_id'),
      first_exposures: unitRows(
        {
          checkout_button: [
            ['acme', 'A'],
            ['quiet', 'A'],
            ['other', 'B'],
            ['late', 'B', 'late'],
            ['crossover', 'B', 'crossover'],
            ['held out', 'B', 'held out'],
            ['in a gate', 'B', 'gate'],
          ],
        },
        'company_id',
      ),
    }),
    answers: [
      ['A', '2', '1', '12'],
      ['B', '1', '0', '0'],
    ],
  },
  {
    title: 'Means and percentiles of events',
    // In A joe's part has a mean of 150 and a p95 of 300; that of bob and dan, whose hashes begin alike, 400 and 500.
    sql: onMadeRows(ofEvents, {
      product_events: eventRows([
        ['page_load', '11-10 12:00', 'joe', 100],
        ['page_load', '11-11 12:00', 'joe', 100],
        ['page_load', '11-12 12:00', 'joe', 100],
        ['page_load', '11-12 13:00', 'joe', 300],
        ['page_load', '11-17 11:59', 'bob', 300],
        ['page_load', '11-11 12:00', 'dan', 500],
        ['page_load', '11-11 12:00', 'cyd', 200],
        ['page_load', '11-11 12:00', 'cyd', null],
        ['page_load', '11-11 12:00', 'leo', null],
        ['page_load', '11-10 11:59', 'joe', 9000],
        ['page_load', '11-17 12:00', 'joe', 9000],
        ['page_load', '11-23 12:00', 'late', 9000],
        ['view_item', '11-11 12:00', 'joe', 9000],
        ['page_load', '11-11 12:00', null, 9000],
        ['page_load', '11-11 12:00', 'crossover', 9000],
        ['page_load', '11-11 12:00', 'held out', 9000],
        ['page_load', '11-11 12:00', 'in a gate', 9000],
        ['page_load', '11-11 12:00', 'a device', 9000],
        ['page_load', '11-11 12:00', 'elsewhere', 9000],
      ]),
      first_exposures: unitRows({
        checkout_button: [
          ['joe', 'A'],
          ['bob', 'A'],
          ['dan', 'A'],
          ['cyd', 'B'],
          ['leo', 'B'],
          ['late', 'A', 'late'],
          ['crossover', 'A', 'crossover'],
          ['held out', 'A', 'held out'],
          ['in a gate', 'A', 'gate'],
          ['a device', 'A', 'device'],
        ],
        homepage_hero: [['elsewhere', 'A']],
      }),
    }),
    answers: [
      ['A', '6', '275', '125', '400', '100'],
      ['B', '1', '200', null, '200', null],
    ],
  },
  {
    // Joe's part clicks half of what it views, cyd's all, and that of dan, who views nothing, has no ratio.
    title: 'Means and percentiles of events: a ratio',
    sql: onMadeRows(ratioOfEvents(), {
      product_events: eventRows([
        ['view_item', '11-11 12:00', 'joe'],
        ['view_item', '11-12 12:00', 'joe'],
        ['click', '11-12 12:01', 'joe'],
        ['view_item', '11-11 12:00', 'cyd'],
        ['click', '11-11 12:00', 'cyd'],
        ['click', '11-11 12:00', 'dan'],
      ]),
      first_exposures: unitRows({
        checkout_button: [
          ['joe', 'A'],
          ['cyd', 'A'],
          ['dan', 'A'],
        ],
      }),
    }),
    answers: [['A', '6', '0.75', '0.25']],
  },
  {
    title: 'Two experiments at once',
    sql: onMadeRows(sqlBelow('experiments.md', 'Two experiments at once'), {
      product_events: eventRows([
        ['purchase', '11-11 12:00', 'ada'],
        ['purchase', '11-11 13:00', 'ada'],
        ['purchase', '11-10 11:59', 'bob'],
        ['view_item', '11-11 12:00', 'bob'],
        ['purchase', '11-11 12:00', 'exposed to the other later'],
        ['purchase', '11-11 12:00', 'one alone'],
      ]),
      first_exposures: unitRows({
        homepage_hero: [
          ['ada', 'New'],
          ['bob', 'New'],
          ['cyd', 'Old'],
          ['exposed to the other later', 'Old'],
          ['dan', 'Old'],
          ['eve', 'Old', 'gate'],
          ['fay', 'New'],
          ['gus', 'New', 'held out'],
          ['hal', 'Old', 'crossover'],
          ['ivy', 'Old'],
          ['joe', 'Old', 'device'],
          ['kim', 'Old'],
        ],
        checkout_button: [
          ['ada', 'Test'],
          ['bob', 'Test'],
          ['cyd', 'Test'],
          ['exposed to the other later', 'Test', 'late'],
          ['dan', 'Control', 'crossover'],
          ['eve', 'Control'],
          ['fay', 'Test', 'held out'],
          ['gus', 'Test'],
          ['hal', 'Control'],
          ['ivy', 'Control', 'gate'],
          ['joe', 'Control'],
          ['kim', 'Control', 'device'],
          ['one alone', 'Test'],
        ],
      }),
    }),
    answers: [
      ['New', 'Test', '2', '1'],
      ['Old', 'Test', '2', '0'],
    ],
  },
  {
    title: 'What a holdout shows',
    sql: onMadeRows(sqlBelow('experiments.md', 'What a holdout shows'), {
      product_events: eventRows([
        ['purchase', '11-11 12:00', 'in', 3],
        ['purchase', '11-11 12:00', 'out', 5],
        ['purchase', '11-12 12:00', 'out', 5],
        ['purchase', '11-02 09:59', 'out', 100],
        ['view_item', '11-11 12:00', 'out', 100],
        ['purchase', '11-11 12:00', 'both', 100],
      ]),
      secondary_exposures: secondaryRows([
        ['global_holdout', 'in', false, '11-02 10:00'],
        ['global_holdout', 'in', false, '11-03 10:00'],
        ['global_holdout', 'also in', false, '11-03 10:00'],
        ['global_holdout', 'out', true, '11-02 10:00'],
        ['global_holdout', 'both', false, '11-02 10:00'],
        ['global_holdout', 'both', true, '11-03 10:00'],
        ['a segment', 'elsewhere', true, '11-02 10:00'],
      ]),
    }),
    answers: [
      ['false', '2', '1', '1.5', '1.5'],
      ['true', '1', '1', '10', null],
    ],
  },
  {
    title: 'CUPED',
    // With (before, after) of 0, 5 and 10, 9 in A and of 10, 13 and 20, 21 in B theta is 0.8: 13, 9 and 13, 13 are left.
    sql: onMadeRows(sqlBelow('experiments.md', 'CUPED'), {
      product_events: eventRows([
        ['purchase', '11-10 12:00', 'a1', 5],
        ['purchase', '11-17 12:00', 'a1', 100],
        ['purchase', '10-27 11:59', 'a1', 100],
        ['purchase', '10-27 12:00', 'a2', 4],
        ['purchase', '11-10 11:59', 'a2', 6],
        ['purchase', '11-17 11:59', 'a2', 9],
        ['view_item', '11-11 12:00', 'a2', 100],
        ['purchase', '11-01 12:00', 'b1', 10],
        ['purchase', '11-11 12:00', 'b1', 13],
        ['purchase', '11-02 12:00', 'b2', 20],
        ['purchase', '11-12 12:00', 'b2', 21],
        ['purchase', '11-12 12:00', 'b3', 100],
      ]),
      first_exposures: unitRows({
        checkout_button: [
          ['a1', 'A'],
          ['a2', 'A'],
          ['b1', 'B'],
          ['b2', 'B'],
          ['b3', 'B', 'held out'],
          ['b3', 'B', 'crossover'],
          ['b3', 'B', 'gate'],
        ],
      }),
    }),
    answers: [
      ['A', '2', '7', '11', '2'],
      ['B', '2', '17', '13', '0'],
    ],
  },
];
