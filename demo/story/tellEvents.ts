import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { textTable } from '../../cli/terminal/tables.ts';
import { sum } from '../../lib/base/sum.ts';
import { addDays, HOUR_MS, startOfHour } from '../../lib/base/time.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { listExperiments } from '../../lib/schema/names.ts';
import { readCounts } from '../../observe/facts/flow/requestCounts.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import type { DriverReport } from '../sdks/EventTally.ts';
import { expectedGroups, expectedRows, type RowsByDay, runDriver } from './runDriver.ts';
import { ask, heading, partitionsOf, type Story, say, shoppers } from './Story.ts';

/** What each SDK says that it has sent. */
type Reports = readonly DriverReport[];

/** Real SDKs post over three days, and the demo finds everything in the tables. */
export async function tellEvents(story: Story): Promise<void> {
  const reports = await postEvents(story);
  await checkCounts(story, reports);
  await tellRows(story, reports);
  await tellPartitions(story, reports);
  await tellGroups(story, reports);
}

/** Runs the SDKs, and says what each has sent. */
async function postEvents({ cloud, today }: Story): Promise<Reports> {
  heading('2. Real SDKs post to it');
  const days = [addDays(today, -2), addDays(today, -1)].map((day) => Date.parse(`${day}T10:00:00Z`));
  const reports = [
    await runDriver('driveNodeCore.ts', {
      collector: cloud.collector,
      key: 'secret-demo',
      users: shoppers.member,
      userPrefix: 'member',
    }),
    await runDriver('driveJsClient.ts', {
      collector: cloud.collector,
      key: 'client-demo',
      users: shoppers.visitor,
      userPrefix: 'visitor',
      // The device is offline for two days, and posts today, up to a minute ago.
      days: [...days, Date.now() - 60_000],
    }),
  ];
  say(
    textTable(
      reports.map(({ sdk, sent, byDay }) => ({
        sdk,
        gate: sent.gate,
        config: sent.config,
        layer: sent.layer,
        custom: sum(Object.values(sent.custom)),
        telemetry: sum(Object.values(sent.telemetry)),
        days: Object.keys(byDay).length,
      })),
    ),
  );
  say(
    'SDK telemetry is counted but not stored. js-client was offline for two days and sent those events today.',
  );
  return reports;
}

/** Compares what the SDKs have sent with the metrics of the last two hours. */
async function checkCounts({ cloud, checks, deployment }: Story, reports: Reports): Promise<void> {
  checks.equal('notifications left unregistered', (await cloud.flush()).unregistered, 0);
  const hour = startOfHour(Date.now());
  const time = { start: hour - HOUR_MS, end: hour + HOUR_MS, periodSeconds: 3_600 };
  const counted = [...(await readCounts(deployment, time)).values()];
  const telemetry = reports.flatMap(({ sent }) => Object.values(sent.telemetry));
  checks.equal('telemetry counted', sum(counted.map(({ ignored }) => ignored)), sum(telemetry));
  const rows = reports.map(({ sent: { gate, config: configExposures, layer, custom } }) =>
    sum([gate, configExposures, layer, ...Object.values(custom)]),
  );
  checks.equal('events accepted', sum(counted.map(({ landed }) => landed)), sum(rows));
}

/** Shows the stored rows, and checks that they are those that were sent. */
async function tellRows(story: Story, reports: Reports): Promise<void> {
  const { cloud, config, checks, deployment } = story;
  heading('3. The stored rows, by table and day');
  const expected = expectedRows(reports);
  const landed = await landedRows(story);
  const allDays = [...new Set(forwardedKinds.flatMap((kind) => Object.keys(expected[kind])))].sort();
  say(
    textTable(
      forwardedKinds.flatMap((kind) =>
        allDays.map((day) => ({
          table: config.tables[kind],
          ds: day,
          sent: expected[kind][day] ?? 0,
          landed: landed[kind][day] ?? 0,
        })),
      ),
    ),
  );
  for (const kind of forwardedKinds) checks.equal(`rows of ${kind} by day`, landed[kind], expected[kind]);
  checks.equal('days', allDays.length, 3);
  const refused = await runQuery(
    cloud.data,
    `SELECT reason, count(*) AS events FROM ${config.tables.quarantine} GROUP BY 1`,
  );
  checks.equal('refused events by reason', refused, []);
  const landing = new ListObjectsV2Command({ Bucket: cloud.bucket, Prefix: 'landing/' });
  checks.equal('left in the landing', (await deployment.s3.send(landing)).KeyCount, 0);
}

/** Shows the registered partitions, and checks that each day of rows has one. */
async function tellPartitions(story: Story, reports: Reports): Promise<void> {
  const { config, checks } = story;
  heading('4. The registered partitions');
  const expected = expectedRows(reports);
  const registered: Record<string, string>[] = [];
  for (const kind of forwardedKinds) {
    const table = config.tables[kind];
    const partitions = await partitionsOf(story, table);
    registered.push(...partitions.map(({ value, location }) => ({ table, ds: value, location })));
    checks.equal(
      `partitions of ${kind}`,
      partitions.map(({ value }) => value).sort(),
      Object.keys(expected[kind]).sort(),
    );
  }
  say(textTable(registered));
}

/** Shows the groups of experiments by SQL, and checks them. */
async function tellGroups(story: Story, reports: Reports): Promise<void> {
  const { config, checks } = story;
  heading('5. SQL over the Parquet files');
  const names = listExperiments(config)
    .map((name) => `'${name}'`)
    .join(', ');
  const groups = await ask(
    story,
    'Exposures by experiment and group',
    `SELECT experiment_id, group_id, count(*) AS exposures, count(DISTINCT user_id) AS users FROM ${config.tables.exposures} WHERE exposure_type <> 'gate' AND is_assignment AND experiment_id IN (${names}) GROUP BY ALL ORDER BY ALL`,
  );
  const found: Record<string, Record<string, unknown>> = {};
  for (const { experiment_id, group_id, exposures } of groups) {
    found[String(experiment_id)] = { ...found[String(experiment_id)], [String(group_id)]: exposures };
  }
  checks.equal('exposures by experiment and group', found, expectedGroups(reports));
}

/** Rows of each table by day. */
async function landedRows({ cloud, config }: Story): Promise<RowsByDay> {
  const rows: Record<'exposures' | 'events', Record<string, number>> = { exposures: {}, events: {} };
  for (const kind of forwardedKinds) {
    const counted = await runQuery(
      cloud.data,
      `SELECT CAST(ds AS VARCHAR) AS ds, count(*) AS n FROM ${config.tables[kind]} GROUP BY 1`,
    );
    for (const { ds, n } of counted) rows[kind][String(ds)] = Number(n);
  }
  return rows;
}
