import { calendarText } from '../../cli/ingest/calendarText.ts';
import { textTable } from '../../cli/terminal/tables.ts';
import { quoteText } from '../../lib/base/sql.ts';
import { sum } from '../../lib/base/sum.ts';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import { localAccount } from '../../local/localAccount.ts';
import { readDatasets } from '../../observe/facts/days/datasets.ts';
import type { ConfiguredDataset } from '../../observe/facts/days/ledgerDays.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import type { Customer } from './Customer.ts';
import { advanceClock, heading, partitionsOf, type Story, say, userIds } from './Story.ts';

/** Revenue of one user on one day. Amounts are in quarters, so that sums are exact in any order. */
interface Revenue {
  /** ID of the user. */
  readonly customer: string;
  /** The revenue, in the currency of the customer. */
  readonly amount: number;
}
/** Rows of revenue by their day. */
type RevenueByDay = Readonly<Record<UtcDay, readonly Revenue[]>>;

/**
 * A customer delivers two days of a dataset, one of them with a column of another name, and then corrects both. After each
 * run of the schedule, the table is compared with the intended rows.
 *
 * @returns The time of the local cloud at the end, ISO 8601.
 */
export async function tellDrops(story: Story, customer: Customer): Promise<string> {
  const { config, checks, today } = story;
  const [source] = config.sources;
  const [dataset] = source?.datasets ?? [];
  if (source === undefined || dataset === undefined) throw new Error('The configuration has no dataset.');
  const yesterday = addDays(today, -1);
  const drop = (day: UtcDay, file: string, rows: readonly Revenue[], column = 'customer') =>
    customer.drop(source.bucket, `${dataset.folder}/${day}/${file}`, revenueSql(day, rows, column));
  const partitionOf = async (day: UtcDay) =>
    (await partitionsOf(story, dataset.table)).find(({ value }) => value === day)?.location;

  heading('6. A customer delivers files, and a night passes');
  const members = userIds('member').map((name, i) => ({ customer: name, amount: 10 + i / 4 }));
  const visitors = userIds('visitor').map((name, i) => ({ customer: name, amount: 3 + i / 4 }));
  await makeBuckets(story, customer);
  await drop(yesterday, 'members.parquet', members);
  await drop(yesterday, 'visitors.parquet', visitors);
  await drop(today, 'all.parquet', [...members, ...visitors], 'customer_id');
  say(`The customer delivers two days of ${dataset.folder}/, one of them with another column name.`);
  say('The scheduled load runs at 9:00.\n');
  await advanceClock(story, `${addDays(today, 1)}T12:00:00Z`);
  const failed = await showDays(story, { source, dataset }, [yesterday, today], addDays(today, 1));
  checks.equal('states of the dropped days', failed, {
    [yesterday]: 'succeeded',
    [today]: 'failed: SLUICE_INGEST_COLUMN_MISSING',
  });
  const dropped = { [yesterday]: [...members, ...visitors], [today]: [...members, ...visitors] };
  await compare(story, dataset.table, dropped, [today]);
  const before = await partitionOf(yesterday);

  heading('7. The customer corrects both days, and another night passes');
  // Two visitors returned everything, and one returned a part.
  const corrected = visitors.slice(2).map((revenue, i) => (i === 0 ? { ...revenue, amount: 1.5 } : revenue));
  await drop(yesterday, 'visitors.parquet', corrected);
  await drop(today, 'all.parquet', [...members, ...visitors]);
  say(
    'In a file of the first day, two rows are removed and one changes. The second day has the correct column name.\n',
  );
  const ended = await advanceClock(story, `${addDays(today, 2)}T12:00:00Z`);
  const corrections = await showDays(story, { source, dataset }, [yesterday, today], addDays(today, 2));
  checks.equal('states of the corrected days', corrections, {
    [yesterday]: 'succeeded',
    [today]: 'succeeded',
  });
  await compare(story, dataset.table, {
    [yesterday]: [...members, ...corrected],
    [today]: [...members, ...visitors],
  });
  const after = await partitionOf(yesterday);
  checks.equal('the partition has moved on', before !== undefined && before !== after, true);
  say(`ds=${yesterday} was at     ${before}\n              is now at  ${after}\n`);

  return ended;
}

/** A query with rows of revenue. @param column The name of the column of customers. */
function revenueSql(day: UtcDay, rows: readonly Revenue[], column: string): string {
  const values = rows.map(
    ({ customer, amount }) => `(${quoteText(customer)}, DATE '${day}', ${amount}::DOUBLE)`,
  );
  return `SELECT * FROM (VALUES ${values.join(', ')}) t(${column}, day, amount)`;
}

/** Prints the output of `sluice ingest status --dataset`. @returns The state of each day. */
async function showDays(
  { deployment }: Story,
  shown: ConfiguredDataset,
  days: readonly UtcDay[],
  now: UtcDay,
): Promise<Record<UtcDay, string>> {
  const status = await readDatasets({ ...deployment, now: Date.parse(now) }, [shown], { count: () => 4 });
  say(`\`sluice ingest status --dataset ${shown.dataset.name}\` shows\n${calendarText(status)}`);
  const entries = status.flatMap((dataset) => dataset.days);
  return Object.fromEntries(
    days.map((day) => {
      const entry = entries.find((datasetDay) => datasetDay.day === day)?.entry;
      return [day, [entry?.state ?? 'unknown', ...(entry?.failure ? [entry.failure.code] : [])].join(': ')];
    }),
  );
}

/**
 * Compares each row of the table with the delivered rows.
 *
 * @param failed Days that must have no rows.
 */
async function compare(
  { cloud, checks }: Story,
  table: string,
  dropped: RevenueByDay,
  failed: readonly UtcDay[] = [],
): Promise<void> {
  const rows = await runQuery(
    cloud.data,
    `SELECT CAST(ds AS VARCHAR) AS ds, unit_id AS customer, metric_value AS amount FROM ${table}`,
  );
  say(
    textTable(
      Object.entries(dropped).map(([ds, rowsOfDay]) => {
        const right = failed.includes(ds) ? [] : rowsOfDay;
        const found = rows
          .filter((row) => row['ds'] === ds)
          .map(({ customer, amount }) => ({ customer: String(customer), amount: Number(amount) }));
        checks.equal(`rows of ${table} of ${ds}`, sorted(found), sorted(right));
        const net_revenue = total(found);
        const expected_revenue = total(right);
        return { table, ds, dropped: rowsOfDay.length, rows: found.length, net_revenue, expected_revenue };
      }),
    ),
  );
  checks.equal(
    `days of ${table}`,
    rows.filter(({ ds }) => dropped[String(ds)] === undefined),
    [],
  );
}

/** The sum of revenue. */
function total(rows: readonly Revenue[]): number {
  return sum(rows.map(({ amount }) => amount));
}

/** Rows by customer. */
function sorted(rows: readonly Revenue[]): readonly Revenue[] {
  return rows.toSorted((a, b) => (a.customer < b.customer ? -1 : 1));
}

/** The customer creates the buckets of the configuration, each with the policy that grants Sluice access. */
async function makeBuckets({ config }: Story, customer: Customer): Promise<void> {
  for (const { bucket } of config.sources) {
    const principal = `arn:aws:iam::${localAccount.id}:root`;
    await customer.makeBucket(bucket, principal);
    say(`s3://${bucket}  of account ${customer.account} allows ${principal} to read`);
  }
}
