import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { textTable } from '../../cli/terminal/output.ts';
import { parseJson } from '../../lib/base/json.ts';
import { addDays } from '../../lib/base/time.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { listExperiments } from '../../lib/schema/names.ts';
import { dataFolders } from '../../packages/local-aws/src/disk/dataDirectory.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { expectedGroups, expectedRows, type RowsByDay, runDriver } from './runDriver.ts';
import { ask, heading, type Story, say, shoppers } from './Story.ts';

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0);

/** Real SDKs post over three days, and everything is found in the tables. @returns The stored rows by day. */
export async function tellEvents(story: Story): Promise<void> {
  const { cloud, config, checks, witness, today } = story;
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
      // Two days offline, and today up to a minute ago.
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

  const { delivered, unregistered } = await cloud.flush();
  checks.equal('notifications left unregistered', unregistered, 0);
  const { requests, events, landed: accepted, counted, records } = receivedEvents(cloud.data);
  const sent = sum(
    reports.map(
      ({ sent: { gate, config, layer, custom } }) => gate + config + layer + sum(Object.values(custom)),
    ),
  );
  checks.equal('events accepted', accepted, sent);
  checks.equal('events received', events, accepted + counted);
  const telemetry = sum(reports.flatMap((report) => Object.values(report.sent.telemetry)));
  checks.equal('telemetry counted', counted, telemetry);
  checks.equal('records delivered', sum(delivered.map(({ documents }) => documents)), records);
  say(
    `Received: ${events} events in ${requests} requests, ${counted} of them telemetry; ${accepted} went to Firehose, in ${records} records, one a request.`,
  );

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
  checks.equal('left in the landing', (await witness.objects(cloud.bucket, 'landing/')).length, 0);

  heading('4. The folders');
  const objects = await witness.objects(cloud.bucket, `${config.statsigFolder}/`);
  for (const { key, size } of objects) say(`${String(size).padStart(7)} B  s3://${cloud.bucket}/${key}`);

  heading('5. The registered partitions');
  const registered: Record<string, string>[] = [];
  for (const kind of forwardedKinds) {
    const table = config.tables[kind];
    const partitions = await witness.partitions(cloud.database, table);
    registered.push(...partitions.map(({ value, location }) => ({ table, ds: value, location })));
    checks.equal(
      `partitions of ${kind}`,
      partitions.map(({ value }) => value).sort(),
      Object.keys(expected[kind]).sort(),
    );
  }
  say(textTable(registered));

  heading('6. SQL over the Parquet files');
  await ask(
    story,
    'Events by name',
    `SELECT event_name, count(*) AS events, count(DISTINCT user_id) AS users FROM ${config.tables.events} GROUP BY ALL ORDER BY events DESC, event_name`,
  );
  const groups = await ask(
    story,
    'Exposures by experiment and group',
    `SELECT experiment_id, group_id, count(*) AS exposures, count(DISTINCT user_id) AS users FROM ${config.tables.exposures} WHERE exposure_type <> 'gate' AND is_assignment AND experiment_id IN (${listExperiments(
      config,
    )
      .map((name) => `'${name}'`)
      .join(', ')}) GROUP BY ALL ORDER BY ALL`,
  );
  await ask(
    story,
    'Orders and purchases by group of checkout_button',
    `SELECT group_id, count(DISTINCT e.user_id) AS users, count(p.event_id) AS purchases, round(sum(CAST(p.event_value AS DOUBLE)), 2) AS revenue
     FROM (SELECT user_id, min(group_id) AS group_id FROM ${config.tables.exposures} WHERE experiment_id = 'checkout_button' GROUP BY 1) e
     LEFT JOIN ${config.tables.events} p ON p.user_id = e.user_id AND p.event_name IN ('purchase', 'order_placed')
     GROUP BY 1 ORDER BY 1`,
  );
  const found: Record<string, Record<string, unknown>> = {};
  for (const { experiment_id, group_id, exposures } of groups) {
    found[String(experiment_id)] = { ...found[String(experiment_id)], [String(group_id)]: exposures };
  }
  checks.equal('exposures by experiment and group', found, expectedGroups(reports));
}

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

/** The members that the demo reads of the collector's log line for a request. */
const lineSchema = z.object({
  event: z.literal('collect'),
  events: z.number().default(0),
  exposures_landed: z.number().default(0),
  events_landed: z.number().default(0),
  counted: z.record(z.string(), z.number()).default({}),
});

/** Totals of the collector's log lines: requests, events, events put into the stream, events only counted, and requests with rows. */
function receivedEvents(data: string) {
  const { logs } = dataFolders(data);
  const received = { requests: 0, events: 0, landed: 0, counted: 0, records: 0 };
  for (const line of readdirSync(logs).flatMap((file) =>
    readFileSync(join(logs, file), 'utf8').split('\n'),
  )) {
    // A line begins with its time. Lines of Lambda itself are no JSON.
    const parsed = lineSchema.safeParse(parseJson(line.slice(line.indexOf(' ') + 1)));
    if (!parsed.success) continue;
    const { events, exposures_landed, events_landed, counted } = parsed.data;
    received.requests += 1;
    received.events += events;
    received.landed += exposures_landed + events_landed;
    if (exposures_landed + events_landed > 0) received.records += 1;
    received.counted += Object.values(counted).reduce((sum, count) => sum + count, 0);
  }
  return received;
}
