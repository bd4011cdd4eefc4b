// `npm run sdks`: every real SDK sends while the local Firehose fails every second call, and while a gateway in front of the collector loses responses; then both recover. What the SDKs logged is compared
// with what was stored. Exits 1 if anything is lost. docs/sdks.md has its output.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { textTable } from '../cli/terminal/output.ts';
import { repositoryRoot } from '../local/dataDirectory.ts';
import { startCloud } from '../local/startCloud.ts';
import { emptyDataDirectory } from '../packages/local-aws/src/disk/dataDirectory.ts';
import { runQuery } from '../packages/local-aws/src/trino/index.ts';
import config from '../sluice.config.ts';
import { type Post, startUnreliableGateway } from './sdks/startUnreliableGateway.ts';
import { CatalogWitness } from './story/catalogWitness.ts';
import { runDriver } from './story/runDriver.ts';
import { say } from './story/Story.ts';

/** Enough for batches, and few enough for the rate limit of the legacy browser SDK. */
const USERS = 40;
/** SDKs give up after seconds to minutes. The outage of Firehose is shorter than that. */
const OUTAGE_AT_MOST_MS = 20_000;
const SETTLED_WITHIN_MS = 20_000;

interface Sdk {
  readonly sdk: string;
  readonly driver: string;
  readonly prefix: string;
  readonly key: string;
  readonly settings?: object;
}

const SDKS: readonly Sdk[] = [
  { sdk: '@statsig/js-client', driver: 'driveJsClient.ts', prefix: 'page', key: 'client-sdks' },
  {
    sdk: '@statsig/js-client, compressing',
    driver: 'driveJsClient.ts',
    prefix: 'compressing',
    key: 'client-sdks',
    settings: { compress: true },
  },
  { sdk: 'statsig-js (legacy)', driver: 'driveStatsigJs.ts', prefix: 'legacy-page', key: 'client-sdks' },
  { sdk: '@statsig/statsig-node-core', driver: 'driveNodeCore.ts', prefix: 'server', key: 'secret-sdks' },
  {
    sdk: 'statsig-node (legacy)',
    driver: 'driveStatsigNode.ts',
    prefix: 'legacy-server',
    key: 'secret-sdks',
  },
];

const data = join(repositoryRoot, '.sluice', 'sdks');
emptyDataDirectory(data);
const cloud = await startCloud({ port: 0, edgePort: 0, data });
const gateways = new Map<Sdk, Awaited<ReturnType<typeof startUnreliableGateway>>>();
try {
  process.exitCode = (await tell()) ? 0 : 1;
} finally {
  for (const gateway of gateways.values()) await gateway.close();
  await cloud.close();
}

async function tell(): Promise<boolean> {
  await control('POST', 'faults', {
    firehose: [{ fault: 'failCalls', operations: ['PutRecord'], every: 2, calls: 1_000_000 }],
  });
  for (const sdk of SDKS) {
    gateways.set(sdk, await startUnreliableGateway(cloud.collector, ['lose', 'lose']));
  }
  let sending = SDKS.length;
  const driven = Promise.all(
    SDKS.map(async (sdk) => {
      const { driver, prefix: userPrefix, key, settings } = sdk;
      const collector = gateways.get(sdk)?.url;
      const report = await runDriver(driver, { collector, key, users: USERS, userPrefix, ...settings });
      sending -= 1;
      return { sdk, report };
    }),
  );
  const restoreBy = Date.now() + OUTAGE_AT_MOST_MS;
  const allRetried = () => [...gateways.values()].every(({ posts }) => posts.length > 2);
  while (sending > 0 && !allRetried() && Date.now() < restoreBy) await setTimeout(20);
  await control('DELETE', 'faults');

  const reports = await driven;
  const witness = new CatalogWitness(cloud.edge);
  const settle = async () => {
    const settleBy = Date.now() + SETTLED_WITHIN_MS;
    for (;;) {
      await cloud.flush();
      const rows = await Promise.all(reports.map(({ sdk, report }) => account(sdk, report.byDay)));
      const left = await leftObjects(witness);
      const isComplete = rows.every(({ lost }) => lost === 0) && left.every(({ objects }) => objects === 0);
      if (isComplete || Date.now() > settleBy) return { rows, left, isComplete };
      await setTimeout(500);
    }
  };
  const outcome = await settle();
  witness.close();
  say(textTable(outcome.rows));
  say(`Objects left in ${outcome.left.map(({ folder, objects }) => `${folder} ${objects}`).join(', ')}`);
  return outcome.isComplete;
}

/** Objects of events that are neither lost nor delivered: in the landing, refused, or parked. */
function leftObjects(witness: CatalogWitness): Promise<{ folder: string; objects: number }[]> {
  return Promise.all(
    ['landing/', 'quarantine/', 'parked/'].map(async (folder) => ({
      folder,
      objects: (await witness.objects(cloud.bucket, folder)).length,
    })),
  );
}

/** One SDK's row: what it logged, compared with the rows of its users. */
async function account(
  sdk: Sdk,
  byDay: Readonly<Record<string, { readonly exposures: number; readonly events: number }>>,
) {
  const { exposures, events } = config.tables;
  const [found] = await runQuery(
    data,
    `SELECT count(*) AS n, count(DISTINCT event_id) AS ids, any_value(sdk_version) AS version FROM (
       SELECT event_id, user_id, sdk_version FROM ${exposures} UNION ALL
       SELECT event_id, user_id, sdk_version FROM ${events}) WHERE user_id LIKE '${sdk.prefix}-%' AND NOT contains(substr(user_id, ${sdk.prefix.length + 2}), '-')`,
  );
  const posts = gateways.get(sdk)?.posts ?? [];
  const sent = Object.values(byDay).reduce((sum, day) => sum + day.exposures + day.events, 0);
  const landed = Number(found?.['ids']);
  return {
    sdk: sdk.sdk,
    version: String(found?.['version']),
    encoding: distinct(posts, encodingOf),
    key: distinct(posts, keyOf),
    posts: posts.length,
    sent,
    landed,
    'resent rows': Number(found?.['n']) - landed,
    lost: sent - landed,
  };
}

function encodingOf({ headers, query }: Post): string {
  return headers['content-encoding'] ?? (query.get('gz') === '1' ? 'gzip by gz=1' : 'plain');
}

function keyOf({ headers, query }: Post): string {
  if (headers['statsig-api-key'] !== undefined) return 'header';
  return query.has('k') ? 'query k' : 'none';
}

/** The distinct values, in the order of their first occurrence. */
function distinct(posts: readonly Post[], find: (post: Post) => string): string {
  return [...new Set(posts.map(find))].join(', then ');
}

/** Calls the control API of the local cloud: docs/local.md. */
async function control(method: 'POST' | 'DELETE', call: string, body?: object): Promise<void> {
  const answer = await fetch(`${cloud.edge}/_sluice/${call}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${call}: ${answer.status} ${await answer.text()}`);
}
