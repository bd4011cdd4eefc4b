import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { chdtrc, compiled } from 'cephes';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { type Cells, DbtProject, type Expected, type Tell } from '../harness/DbtProject.ts';
import { preparePython } from '../harness/python.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const EXPERIMENT = 'checkout_button';
/** As in the example's seed `experiment_groups`. */
const GROUPS = { control: '3QfjCheckoutControl', test: '3QfjCheckoutTest' } as const;
const Z = 1.959964;
/** Sums of doubles differ in their last digits by the order of rows. */
const TOLERANCE = 1e-9;

type Group = keyof typeof GROUPS;
/** Its name, and what it measures of a unit. */
type Metric = readonly [name: string, measure: (unit: Shopper) => number];

/** A unit with its behaviour after its first exposure. */
interface Shopper {
  readonly id: string;
  readonly group: Group;
  /** Values of its orders. */
  readonly orders: readonly number[];
  readonly pages: number;
}

/** Shoppers from `from` to `to`, of whom every third orders and every second sees a page. */
const shoppers = (from: number, to: number): Shopper[] =>
  Array.from({ length: to - from }, (_, at) => {
    const i = from + at;
    const group = i % 5 < 2 ? 'control' : 'test';
    const orders = i % 3 === 0 ? [10 + (i % 7), ...(i % 4 === 0 ? [2.5] : [])] : [];
    return { id: `u${i}`, group, orders, pages: i % 2 };
  });

/**
 * Builds `examples/dbt` as its page says, as of yesterday, of today, and with other seeds, by its own profile: every node
 * succeeds, and the scorecard has the figures that are calculated here without SQL, with the split judged by `sluice check`.
 *
 * @param tell Receives each check and what failed; empty if nothing did.
 * @returns Why nothing was tried; undefined if it was.
 */
export async function tryScorecard(tell: Tell): Promise<string | undefined> {
  const python = preparePython('examples/dbt', 'dbt-core and dbt-athena');
  if ('missing' in python) return python.missing;
  await compiled;
  const directory = temporaryDirectory();
  const cloud = await startCloud({ port: 0, edgePort: 0, data: join(directory.path, 'data') });
  const athena = new AthenaClient({
    endpoint: cloud.edge,
    region: localAccount.region,
    credentials: localAccount,
  });
  try {
    const copy = join(directory.path, 'project');
    cpSync(join(repositoryRoot, 'examples', 'dbt'), copy, { recursive: true });
    const project = new DbtProject({
      project: copy,
      bin: python.bin,
      edge: cloud.edge,
      directory: directory.path,
      results: `s3://${cloud.bucket}/dbt/`,
      schema: 'scorecard',
      athena,
      tell,
      name: 'scorecard',
    });
    const today = utcDay(Date.now());
    const yesterday = addDays(today, -1);
    const first = shoppers(0, 80);
    await send(cloud, [...first.flatMap((one) => visit(one, yesterday)), ...searches(yesterday)]);
    await project.build('first', { until: yesterday }, [
      ...(await figures(first)),
      { what: 'has a history of one day', sql: history, rows: [[yesterday, '6']] },
    ]);
    // u0 sees the other group and u1 is held out; others come, one of them with an order before it was exposed.
    const second = shoppers(80, 200);
    await send(cloud, [
      exposure('u0', GROUPS.test, today, 1),
      exposure('u1', 'spring_holdout_rule', today, 1, true),
      ...order('u200', 1_000, today, 0),
      ...visit({ id: 'u200', group: 'test', orders: [], pages: 0 }, today),
      ...second.flatMap((one) => visit(one, today)),
    ]);
    const all: Shopper[] = [
      ...[...first, ...second].filter(({ id }) => id !== 'u0' && id !== 'u1'),
      { id: 'u200', group: 'test', orders: [], pages: 0 },
    ];
    await project.build('second', { until: today }, [
      ...(await figures(all)),
      {
        what: 'has a history of two days',
        sql: history,
        rows: [
          [yesterday, '6'],
          [today, '6'],
        ],
      },
      {
        what: 'counts who saw both groups and loses who was held out',
        sql: `SELECT unit_id, groups_seen FROM experiment_units WHERE experiment_id = '${EXPERIMENT}' AND unit_id IN ('u0', 'u1', 'u2') ORDER BY 1`,
        rows: [
          ['u0', '2'],
          ['u2', '1'],
        ],
      },
    ]);
    // The experiment shipped yesterday, and searches are measured. Only today is read again for the events that are known.
    changeSeed(copy, 'experiments', (row) =>
      row.startsWith(`${EXPERIMENT},`) ? `${row.slice(0, row.lastIndexOf(','))},${yesterday}` : row,
    );
    changeSeed(copy, 'metrics', (row) =>
      row.startsWith('page_views,') ? `${row}\nsearches,count,search` : row,
    );
    await project.build('third', { until: today, lookback_days: 0 }, [
      ...(await figures(
        first.filter(({ id }) => id !== 'u0' && id !== 'u1'),
        SEARCHES,
      )),
    ]);
    await project.docs(
      {},
      ['scorecard 19', 'split_check 6', 'experiment_units 7', 'experiment_settings 8'],
      2,
    );
  } finally {
    athena.destroy();
    await cloud.close();
    directory.remove();
  }
  return undefined;
}

/** Changes the rows of a seed. */
function changeSeed(project: string, seed: string, change: (row: string) => string): void {
  const file = join(project, 'seeds', `${seed}.csv`);
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd().split('\n').map(change).join('\n')}\n`);
}

/** Two searches of every seventh shopper. */
const searched = ({ id }: Shopper): number => (Number(id.slice(1)) % 7 === 0 ? 2 : 0);
const searches = (day: UtcDay): object[] =>
  shoppers(0, 80).flatMap((one) =>
    Array.from({ length: searched(one) }, (_, i) => ({
      ...{ eventName: 'search', value: `${i}`, user: { userID: one.id } },
      time: Date.parse(`${day}T00:00:00Z`) + 6_000,
    })),
  );
const SEARCHES: readonly Metric[] = [['searches', searched]];

const history = 'SELECT CAST(as_of AS varchar), count(*) FROM scorecard_history GROUP BY 1 ORDER BY 1';

function exposure(id: string, ruleID: string, day: UtcDay, second: number, isHeldOut = false): object {
  return {
    eventName: 'statsig::config_exposure',
    time: Date.parse(`${day}T00:00:00Z`) + second * 1_000,
    user: { userID: id },
    metadata: { config: EXPERIMENT, ruleID, reason: 'Network:Recognized' },
    ...(isHeldOut
      ? { secondaryExposures: [{ gate: 'spring_holdout', gateValue: 'true', ruleID: '5AhTholdOutRule' }] }
      : {}),
  };
}

function order(id: string, value: number, day: UtcDay, second: number): object[] {
  const time = Date.parse(`${day}T00:00:00Z`) + second * 1_000;
  return [{ eventName: 'order_placed', value, time, user: { userID: id } }];
}

/** The exposure of a shopper and what it did afterwards. */
function visit({ id, group, orders, pages }: Shopper, day: UtcDay): object[] {
  const time = Date.parse(`${day}T00:00:00Z`) + 5_000;
  const seen = Array.from({ length: pages }, () => ({
    eventName: 'page_view',
    value: '/checkout',
    time,
    user: { userID: id },
  }));
  return [
    exposure(id, GROUPS[group], day, 2),
    ...orders.flatMap((value, i) => order(id, value, day, 3 + i)),
    ...seen,
  ];
}

async function send({ collector, flush }: Cloud, events: readonly object[]): Promise<void> {
  const { status } = await fetch(`${collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-scorecard' },
    body: JSON.stringify({ events, statsigMetadata: { sdkType: 'js-client', sdkVersion: '3.33.5' } }),
  });
  if (status !== 202) throw new Error(`The collector answered ${status}.`);
  await flush();
}

/** Expected figures of the scorecard and of the check of the split for these units. */
async function figures(units: readonly Shopper[], more: readonly Metric[] = []): Promise<Expected[]> {
  const counts = (['control', 'test'] as const).map(
    (group) => units.filter((one) => one.group === group).length,
  );
  const expected = units.length / counts.length;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const columns =
    'mean, mean_low, mean_high, difference, difference_low, difference_high, lift, lift_low, lift_high, p_value';
  return [
    {
      what: 'has the figures of every metric and group',
      sql: `SELECT metric, group_name, units, total, ${columns} FROM scorecard WHERE experiment_id = '${EXPERIMENT}' ORDER BY 1, 2`,
      rows: (found) => differences(found, scored(units, more)),
    },
    {
      what: "judges the split by Pearson's chi-square test",
      sql: `SELECT experiment_id, units, chi_square, p_value FROM split_check WHERE experiment_id = '${EXPERIMENT}'`,
      rows: (found) =>
        differences(found, [[EXPERIMENT, units.length, chiSquare, chdtrc(counts.length - 1, chiSquare)]]),
    },
  ];
}

type Figures = readonly (string | number | null)[];

/** Rows of the scorecard: metric, group, units, total, mean with its interval, and what is compared with the control. */
function scored(units: readonly Shopper[], more: readonly Metric[]): Figures[] {
  const metrics: readonly Metric[] = [
    ['conversion', ({ orders }) => (orders.length > 0 ? 1 : 0)],
    ['page_views', ({ pages }) => pages],
    ['revenue', ({ orders }) => orders.reduce((sum, one) => sum + one, 0)],
    ...more,
  ];
  return metrics.flatMap(([metric, measure]) => {
    const of = (group: Group) => moments(units.filter((unit) => unit.group === group).map(measure));
    const control = of('control');
    const test = of('test');
    const head = (name: string, one: Moments): Figures => [
      metric,
      name,
      one.units,
      one.total,
      one.mean,
      ...(metric === 'conversion' ? wilson(one) : around(one.mean, Math.sqrt(one.squaredError))),
    ];
    const difference = test.mean - control.mean;
    const error = Math.sqrt(test.squaredError + control.squaredError);
    const ratio = test.mean / control.mean;
    const ratioError =
      Math.sqrt(test.squaredError + ratio ** 2 * control.squaredError) / Math.abs(control.mean);
    const compared: Figures = [
      ...[difference, ...around(difference, error)],
      ...[ratio - 1, ...around(ratio - 1, ratioError)],
      chdtrc(1, (difference / error) ** 2),
    ];
    return [
      [...head('Control', control), ...compared.map(() => null)],
      [...head('Test', test), ...compared],
    ];
  });
}

interface Moments {
  readonly units: number;
  readonly total: number;
  readonly mean: number;
  /** Squared error of the mean. */
  readonly squaredError: number;
}

function moments(values: readonly number[]): Moments {
  const total = values.reduce((sum, one) => sum + one, 0);
  const mean = total / values.length;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1);
  return { units: values.length, total, mean, squaredError: variance / values.length };
}

const around = (middle: number, error: number): [number, number] => [middle - Z * error, middle + Z * error];

/** https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval */
function wilson({ units, mean }: Moments): [number, number] {
  const scale = 1 + Z ** 2 / units;
  const middle = (mean + Z ** 2 / (2 * units)) / scale;
  const half = (Z / scale) * Math.sqrt((mean * (1 - mean)) / units + Z ** 2 / (4 * units ** 2));
  return [middle - half, middle + half];
}

/** Describes differences; empty if there are no differences. */
function differences(found: readonly Cells[], expected: readonly Figures[]): string {
  const isLike = (cell: string | null | undefined, figure: string | number | null) =>
    typeof figure === 'number' && typeof cell === 'string'
      ? Math.abs(Number(cell) - figure) <= TOLERANCE * Math.max(1, Math.abs(figure))
      : cell === figure;
  const isWhole =
    found.length === expected.length &&
    expected.every(
      (row, i) => row.length === found[i]?.length && row.every((figure, j) => isLike(found[i]?.[j], figure)),
    );
  return isWhole ? '' : `found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`;
}
