import { setImmediate } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudWatchLogsClient, type FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  CONFIGURATION_OUTPUT,
  statedConfiguration,
} from '../../../../infra/template/deployedConfiguration.ts';
import { HOUR_MS, isoTimestamp } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { NOT_LOOKED } from '../../../../lib/reconcile/judgeHour.ts';
import { CURATED_LEDGER, curatedDaysKey, ledgerKey } from '../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, ingestedTableFolders, receivedHoursKey } from '../../../../lib/tables/tableFolders.ts';
import { type Deployment, openDeployment } from '../../../../observe/deployment.ts';
import type { MainSender } from '../../../../observe/facts/flow/logged/mainSender.ts';
import { readStatusFacts } from '../../../../observe/facts/look/readStatusFacts.ts';
import { type AskedCall, answeredBy, named, requestsAnsweredBy } from '../../../harness/answering.ts';
import { acmeSource, eventsDataset } from '../../../harness/configInput.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { metricClient } from '../../../harness/metricClient.ts';
import { queueClient } from '../../../harness/queueClient.ts';
import { slowDeployment } from '../../slowDeployment.ts';
import { shortHour } from '../../statusFacts.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/k';
const input = {
  bucket: 'own',
  sources: [acmeSource({ datasets: [eventsDataset(), eventsDataset({ name: 'orders', table: 'orders' })] })],
};
const config = defineConfig(input);
/** The fewest days that are compared: the last of them is curated as a rule. */
const CURATED = ['2026-11-15', '2026-11-16', '2026-11-17'];
const at = (hours: number) => NOW - hours * HOUR_MS;

/** A line of a log: when it was written, hours before now, and what it says beside its level. */
type Line = readonly [hoursAgo: number, says: object];

/** What a deployment has. */
interface Has {
  /** Objects that can be read. Default: none. */
  readonly objects?: readonly (readonly [key: string, text: string])[];
  /** Folders that the bucket lists, with their slash. Default: none. */
  readonly folders?: readonly string[];
  /** Keys that the bucket lists, of objects that were written an hour ago. Default: none. */
  readonly files?: readonly string[];
  /** Values of metrics, by their names: metricClient. */
  readonly metrics?: Parameters<typeof metricClient>[0];
  /** The lines of each log, oldest first, by the part of its name. Default: no log has a line. */
  readonly linesOf?: (part: string) => readonly Line[];
  /** State of the key; null: there is none. */
  readonly keyState?: string | null;
  /** Messages of each queue. Default 0. */
  readonly messages?: number;
  /** SQS, if not all queues have so many messages. */
  readonly sqs?: SQSClient;
  /** Where copies of requests are sent. Default: nowhere. */
  readonly relay?: NonNullable<Parameters<typeof defineConfig>[0]['relay']>;
  /** Rows that Athena counts in tables; null: it is denied. */
  readonly rows?: readonly Readonly<Record<string, string>>[] | null;
  /** Bytes that Athena reads for each query. Default 9. */
  readonly scanned?: number;
  /** The days of both curated tables that have a partition. Default: the fewest that are compared. */
  readonly curated?: readonly string[];
  /** Whether user IDs are hashed. */
  readonly hashesUsers?: true;
  /** Whether the query of the metadata of events fails. */
  readonly failsOnMetadata?: true;
  /** Columns of unit IDs by their names in the configuration that status reads. Default: none. */
  readonly unitIds?: Readonly<Record<string, string>>;
  /** The configuration that the stack states. Default: it states none. */
  readonly deployed?: ReturnType<typeof defineConfig>;
  /** Rows that the queries of the content answer. Default: none. */
  readonly content?: readonly Readonly<Record<string, string>>[];
}

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const deployment of opened.splice(0)) deployment.close();
});

/** A template whose gateway lets in one origin. */
const TEMPLATE =
  '{"Resources":{"HttpApi":{"Properties":{"CorsConfiguration":{"AllowOrigins":["https://www.shop.example"]}}}}}';

/** What CloudFormation and KMS answer; all else is denied. */
function answerOf(
  hostname: string,
  keyState: string | null,
  asked: string,
  deployed: Has['deployed'],
): { status: number; text: string } {
  if (asked.includes('Action=GetTemplate'))
    return {
      status: 200,
      text: `<GetTemplateResponse><GetTemplateResult><TemplateBody>${TEMPLATE}</TemplateBody></GetTemplateResult></GetTemplateResponse>`,
    };
  const stated = deployed === undefined ? {} : { [CONFIGURATION_OUTPUT]: statedConfiguration(deployed) };
  const outputs = Object.entries({ KeyArn: KEY, LandingStreamName: 'landing-1', ...stated }).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const stack = [
    '<StackId>arn:aws:cloudformation:us-east-1:111122223333:stack/sluice-prod/s</StackId>',
    '<StackStatus>UPDATE_COMPLETE</StackStatus>',
    '<CreationTime>2026-11-01T00:00:00Z</CreationTime>',
    `<Outputs>${outputs.join('')}</Outputs>`,
  ];
  const stacks = `<Stacks><member>${stack.join('')}</member></Stacks>`;
  if (hostname.startsWith('cloudformation'))
    return {
      status: 200,
      text: `<DescribeStacksResponse><DescribeStacksResult>${stacks}</DescribeStacksResult></DescribeStacksResponse>`,
    };
  if (!hostname.startsWith('kms')) return { status: 400, text: '{"__type":"AccessDeniedException"}' };
  return keyState === null
    ? { status: 400, text: '{"__type":"NotFoundException"}' }
    : { status: 200, text: JSON.stringify({ KeyMetadata: { Arn: `${KEY}-of-kms`, KeyState: keyState } }) };
}

/** What Athena says of a query of a column that the deployed tables do not have; null of any other query. */
function columnFault(sql: string, deployed: Has['deployed']): string | null {
  const hasColumn = deployed === undefined || Object.values(deployed.unitIds).includes('cart_id');
  if (hasColumn || !sql.includes('"cart_id"')) return null;
  return "COLUMN_NOT_FOUND: line 1:1: Column 'cart_id' cannot be resolved";
}

/** The facts of such a deployment, and since when each log was asked for failures, in turn, hours before now. */
async function factsOf({
  objects = [],
  folders = [],
  files = [],
  metrics = {},
  linesOf = () => [],
  keyState = 'Enabled',
  messages = 0,
  sqs = queueClient([messages, 0]),
  relay,
  rows = [],
  scanned = 9,
  curated = CURATED,
  hashesUsers,
  failsOnMetadata,
  unitIds = {},
  deployed,
  content,
}: Has) {
  const privacy = { redact: { 'user.userID': 'hash' }, salt: 'a salt of some length' } as const;
  const ownConfig = defineConfig({
    ...input,
    unitIds,
    ...(relay === undefined ? {} : { relay }),
    ...(hashesUsers ? { privacy } : {}),
  });
  const { deployment } = slowDeployment({
    config: ownConfig,
    now: NOW,
    objects: new Map(objects),
    folders,
    files,
    partitions: Object.fromEntries(Object.values(config.curatedTables).map((table) => [table, curated])),
  });
  opened.push(deployment);
  const requestHandler = requestsAnsweredBy(({ hostname, body }) =>
    answerOf(hostname, keyState, typeof body === 'string' ? body : new TextDecoder().decode(body), deployed),
  );
  const read = new Map<string, number[]>();
  const logs = answeredBy(
    CloudWatchLogsClient,
    ({ input: filter }: AskedCall<FilterLogEventsCommandInput>) => {
      const { logGroupName = '', filterPattern = '', startTime = 0, endTime = NOW } = filter;
      const part = /prod-?(.*)$/.exec(logGroupName)?.[1] ?? '';
      // The log of the stream has failures alone.
      if (part === 'landing' || filterPattern.includes('"error"'))
        read.set(part, [...(read.get(part) ?? []), (NOW - startTime) / HOUR_MS]);
      const lines = linesOf(part).filter(([hours]) => at(hours) >= startTime && at(hours) <= endTime);
      return {
        events: lines.map(([hours, says]) => {
          return { timestamp: at(hours), message: JSON.stringify({ level: 'error', ...says }) };
        }),
      };
    },
  );
  const asked: string[] = [];
  const athena = answeredBy(AthenaClient, ({ name, input: query }) => {
    if (rows === null)
      throw Object.assign(named('AccessDeniedException'), { $metadata: { httpStatusCode: 400 } });
    if (name === 'StartQueryExecution') {
      asked.push(String(query['QueryString']));
      return { QueryExecutionId: String(asked.length - 1) };
    }
    const sql = asked[Number(query['QueryExecutionId'])] ?? '';
    if (failsOnMetadata && sql.includes('"company_metadata"')) {
      const Status = { State: 'FAILED', StateChangeReason: 'Query exhausted resources at this scale factor' };
      return { QueryExecution: { Status } };
    }
    const reason = columnFault(sql, deployed);
    if (reason !== null)
      return { QueryExecution: { Status: { State: 'FAILED', StateChangeReason: reason } } };
    const ofContent = sql.includes('"surplus"') ? (content ?? []) : [];
    const answered = sql.includes('AS "received"') ? rows : ofContent;
    const names = [...new Set(answered.flatMap((row) => Object.keys(row)))];
    return {
      QueryExecution: { Status: { State: 'SUCCEEDED' }, Statistics: { DataScannedInBytes: scanned } },
      ResultSet: {
        ResultSetMetadata: { ColumnInfo: names.map((Name) => ({ Name })) },
        Rows: answered.map((row) => ({ Data: names.map((column) => ({ VarCharValue: row[column] })) })),
      },
    };
  });
  const all: Deployment = {
    ...deployment,
    aws: { ...deployment.aws, requestHandler },
    athena,
    logs,
    cloudwatch: metricClient(metrics),
    sqs,
    wait: async () => undefined,
  };
  return { facts: await readStatusFacts(all), read };
}

it('a stack that was never updated was deployed when it was made', async () => {
  expect((await factsOf({})).facts.deployedAt).toBe('2026-11-01T00:00:00.000Z');
});

describe('what a function failed with last', () => {
  const line = (part: string) => ({ code: `SLUICE_${part.toUpperCase()}`, detail: 'x' });
  const codesOf = (failures: Readonly<Record<string, { readonly code: string | null }>>) =>
    Object.fromEntries(Object.entries(failures).map(([name, { code }]) => [name, code]));

  it.each<{ readonly what: string; readonly has: Has }>([
    { what: 'nothing waits and nothing failed', has: {} },
    {
      what: 'runs were throttled, once others ran',
      has: {
        metrics: {
          'Throttles Sum sluice-prod-curate-plan': [[at(5), 1]],
          'Invocations Sum sluice-prod-curate-plan': [[at(4), 1]],
        },
      },
    },
  ])('is not read where $what', async ({ has }) => {
    const { facts, read } = await factsOf({ ...has, linesOf: (part) => [[1, line(part)]] });
    expect(facts.failures).toEqual({});
    expect(read).toEqual(new Map());
  });

  const unlooked = { ...shortHour, ds: '2026-11-19', state: 'unknown', why: NOT_LOOKED };

  interface ReadCase {
    readonly what: string;
    readonly has: Has;
    /** The one part whose log is read. */
    readonly part: string;
    /** For how many hours it is read, first and then. */
    readonly hours: readonly number[];
  }

  it.each<ReadCase>([
    {
      what: 'a function has errors',
      has: { metrics: { 'Errors Sum sluice-prod-curate': [[at(5), 1]] } },
      part: 'curate',
      hours: [2, 24],
    },
    {
      what: 'a function had errors, and a good run since',
      has: {
        metrics: {
          'Errors Sum sluice-prod-ingest-load': [[at(6), 1]],
          'Invocations Sum sluice-prod-ingest-load': [[at(4), 1]],
        },
      },
      part: 'ingest-load',
      hours: [2, 24],
    },
    {
      what: 'a day has no partition',
      has: { folders: [dayFolder(config, 'events', '2026-11-20')] },
      part: 'register',
      hours: [2, 24],
    },
    {
      what: 'nobody has looked at the rows of an hour',
      has: { objects: [[receivedHoursKey(config, '2026-11-19'), JSON.stringify(unlooked)]] },
      part: 'reconcile',
      hours: [2, 24],
    },
    {
      what: 'a record has waited in the stream for 30 hours: three hours more',
      // The metric is of six minutes ago.
      has: { metrics: { 'DeliveryToS3.DataFreshness Maximum landing-1': [[at(0.1), 29.9 * 3_600]] } },
      part: 'landing',
      hours: [2, 33],
    },
    {
      what: 'the key is off',
      has: { keyState: 'Disabled' },
      part: 'collect',
      hours: [2, 24],
    },
  ])('is read where $what', async ({ has, part, hours }) => {
    const { facts, read } = await factsOf({ ...has, linesOf: (name) => [[3, line(name)]] });
    expect(codesOf(facts.failures)).toEqual({ [part]: `SLUICE_${part.toUpperCase()}` });
    const { [part]: ofPart, ...others } = Object.fromEntries(read);
    expect({ ofPart, others }).toEqual({ ofPart: hours, others: {} });
  });

  it('is read where an object waits, and of no time before it: no earlier failure was about it', async () => {
    const { facts, read } = await factsOf({
      files: ['landing/2026/11/20/11/a'],
      linesOf: () => [
        [1.1, { code: 'SLUICE_OLD' }],
        [1, line('write')],
      ],
    });
    expect(codesOf(facts.failures)).toEqual({ write: 'SLUICE_WRITE' });
    expect(Object.fromEntries(read)).toEqual({ write: [1] });
  });

  describe('on every try of a dead letter', () => {
    const denied = { code: 'SLUICE_X', detail: 'AccessDenied: kms:Decrypt' };
    const deadLetter: Has = {
      messages: 1,
      // It was moved 156 minutes ago.
      metrics: {
        'ApproximateAgeOfOldestMessage Maximum sluice-prod-register-dead-letters': [[at(0.1), 9_000]],
      },
      linesOf: (part) =>
        part === 'register'
          ? [
              [165 / 60, { code: 'SLUICE_BEFORE' }],
              [160 / 60, denied],
              [154 / 60, { code: 'SLUICE_AFTER' }],
            ]
          : [],
    };

    it('is what the log has of the last of these tries', async () => {
      const { facts } = await factsOf(deadLetter);
      expect(facts.failures).toEqual({
        'sluice-prod-register-dead-letters': {
          text: '2026-11-20T09:20:00.000Z: SLUICE_X: AccessDenied: kms:Decrypt.',
          kind: 'denied',
          code: 'SLUICE_X',
          isByKey: true,
        },
      });
    });

    it('has its first refusal by a key looked for in the logs of all functions that are in use, for 14 days', async () => {
      const { facts, read } = await factsOf(deadLetter);
      expect(facts.keyFailedSince).toBe('2026-11-20T09:20:00.000Z');
      const days = Object.fromEntries(Array.from(read, ([part, hours]) => [part, (hours.at(-1) ?? 0) / 24]));
      expect(days).toMatchObject({ collect: 14, register: 14, write: 14, landing: 14 });
      // The configuration has no relay.
      expect(days).not.toHaveProperty('relay');
    });
  });
});

describe('the error with which the stream did not take requests', () => {
  const collected = (error: string) => {
    return { event: 'collect', status: 202, ms: 1, not_streamed: `held_back: ${error}` };
  };
  it.each([
    { count: 20, error: 'ThrottlingException' },
    { count: 19, error: null },
  ])('is $error on a day on which $count events overflowed', async ({ count, error }) => {
    const { facts } = await factsOf({
      // Within the five minutes of the overflow, and after them.
      linesOf: (part) =>
        part === 'collect'
          ? [
              [4.95, collected('ThrottlingException')],
              [4.9, collected('LaterException')],
            ]
          : [],
      metrics: {
        'received SampleCount collect prod': [[at(5), 60]],
        'overflowed Sum collect prod': [[at(5), count]],
      },
    });
    expect(facts.lastDay).toMatchObject({ requests: 60, overflowed: count });
    expect(facts.overflowError).toBe(error);
  });
});

describe('who sent most of what was more than usual', () => {
  /** Counts of a day that is unlike others, and who is told to have sent most of what there was more of. */
  interface WhoSent {
    /** What there was more of. */
    readonly what: string;
    readonly metrics: NonNullable<Has['metrics']>;
    /** Of requests or events. */
    readonly spikeFrom: MainSender | null;
    /** Of events that the lists leave out. */
    readonly ignoredFrom: MainSender | null;
  }

  const line = {
    event: 'collect',
    status: 202,
    ms: 1,
    key: 'web',
    sdk: 'js 3',
    events: 9,
    counted: { event_filtered: 9 },
  };
  const web = { key: 'web', sdk: 'js 3', share: 1 };
  const weekAgo = [at(7 * 24 + 8), 1] as const;
  it.each<WhoSent>([
    {
      what: 'requests',
      metrics: { 'received SampleCount collect prod': [weekAgo, [at(5), 100]] },
      spikeFrom: web,
      ignoredFrom: null,
    },
    {
      what: 'events',
      metrics: {
        'received SampleCount collect prod': [weekAgo, [at(5), 9]],
        'received Sum collect prod': [[at(5), 1_000]],
      },
      spikeFrom: web,
      ignoredFrom: null,
    },
    {
      what: 'events that the lists leave out',
      metrics: {
        'received SampleCount collect prod': [weekAgo, [at(5), 9]],
        'filtered Sum collect prod': [[at(5), 20]],
      },
      spikeFrom: null,
      ignoredFrom: web,
    },
    {
      what: 'nothing',
      metrics: { 'received SampleCount collect prod': [weekAgo, [at(5), 9]] },
      spikeFrom: null,
      ignoredFrom: null,
    },
  ])('is told of $what alone', async ({ metrics, spikeFrom, ignoredFrom }) => {
    const { facts } = await factsOf({
      linesOf: (part) => (part === 'collect' ? [[4.95, line]] : []),
      metrics,
    });
    expect(facts).toMatchObject({ spikeFrom, ignoredFrom });
  });
});

it('copies that went out of the queue of relay are told', async () => {
  const { facts } = await factsOf({
    relay: { statsig: true },
    metrics: {
      'ApproximateNumberOfMessagesVisible Maximum sluice-prod-relay': [
        [at(3), 20],
        [at(2), 0],
      ],
    },
  });
  expect(facts.lostCopies).toMatchObject({ count: 20, since: '2026-11-20T09:00:00.000Z' });
});

describe('the key of the bucket', () => {
  it.each([
    { what: 'as KMS describes it', keyState: 'Enabled', key: { Arn: `${KEY}-of-kms`, KeyState: 'Enabled' } },
    { what: 'as not there where KMS has none', keyState: null, key: { Arn: KEY, KeyState: 'not there' } },
  ])('is told $what', async ({ keyState, key }) => {
    expect((await factsOf({ keyState })).facts.key).toEqual(key);
  });
});

describe('rows of the last day', () => {
  const counted = {
    all_row_count: '1',
    row_count: '1',
    own_first: '2026-11-20 09:00:00',
    own_last: '2026-11-20 09:00:00',
  };
  const row = (kind: string, last: string, more: Readonly<Record<string, string>> = {}) => ({
    kind,
    all_recent: '2',
    all_first: '2026-11-20 01:00:00',
    all_last: `2026-11-20 ${last}:00.123`,
    ...counted,
    ...more,
  });

  const rows = [row('events', '09:00'), row('exposures', '10:00'), row('quarantine', '11:00', { why: 'X' })];

  it('say when the last event came, which no row of quarantine is', async () => {
    const { facts } = await factsOf({ rows });
    expect(facts.lastEventAt).toBe('2026-11-20T10:00:00.123Z');
  });

  it('are told by table, those of quarantine by reason, and what it took to count them', async () => {
    const { facts } = await factsOf({ rows });
    expect(
      facts.tables?.map(({ table, newestRowAt, rowsLastHour }) => [
        table,
        newestRowAt?.slice(11, 16),
        rowsLastHour,
      ]),
    ).toEqual([
      ['exposures', '10:00', 2],
      ['events', '09:00', 2],
      ['quarantine', '11:00', 2],
    ]);
    expect(facts.quarantine).toMatchObject([{ reason: 'X', rows: 1 }]);
    // Of the tables, of the content of each, and of the metadata of events.
    expect(facts.scannedBytes).toBe(36);
  });

  it.each([
    { scanned: 10_000_000_000, queries: 4 },
    { scanned: 10_000_000_001, queries: 3 },
  ])(
    'are asked for their metadata if the rest is small: $queries queries of $scanned bytes',
    async ({ scanned, queries }) => {
      const { facts } = await factsOf({ rows, scanned });
      expect(facts.scannedBytes).toBe(scanned * queries);
    },
  );

  it.each<{ readonly what: string; readonly has: Has; readonly queries: number }>([
    { what: 'three days are curated', has: {}, queries: 4 },
    { what: 'two days are, for raw rows and events alone', has: { curated: CURATED.slice(1) }, queries: 2 },
    {
      what: 'three days are, one of them before those that metadata are compared with',
      has: { curated: ['2026-11-13', ...CURATED.slice(1)] },
      queries: 3,
    },
    {
      what: 'two days are, and for new hashes',
      has: { curated: CURATED.slice(1), hashesUsers: true },
      queries: 3,
    },
  ])('are asked for only what has days to compare: $what', async ({ has, queries }) => {
    const { facts } = await factsOf({ rows, ...has });
    expect(facts.scannedBytes).toBe(9 * queries);
  });

  it('whose metadata are too many for Athena hide nothing else', async () => {
    const { facts } = await factsOf({ rows, failsOnMetadata: true });
    expect(facts.unknown.map(({ part }) => part)).toContain('the metadata of events');
    expect(facts.unknown.map(({ part }) => part)).not.toContain('the content of events');
    expect(facts.contentChanges).toEqual([]);
  });

  it('are asked for no column of a unit ID that is not deployed', async () => {
    const unitIds = { cartID: 'cart_id', deviceID: 'device_id' };
    const deployed = defineConfig({ ...input, unitIds: { deviceID: 'device_id' } });
    const content = [
      { what: 'sdk', kind: 'less', subject: '', value: 'js-client', count: '0', whole: '90', days: '3' },
    ];
    const { facts } = await factsOf({ unitIds, deployed, content, rows });
    expect(facts.unknown.map(({ part }) => part)).not.toContain('the content of events');
    expect(facts.contentChanges).not.toEqual([]);
  });

  it('that Athena does not count are counted in files, and the last event is that of a file', async () => {
    const { facts } = await factsOf({
      rows: null,
      folders: [dayFolder(config, 'events', '2026-11-20')],
      files: [`${dayFolder(config, 'events', '2026-11-20')}a.parquet`],
    });
    expect(facts).toMatchObject({ tables: null, quarantine: [], lastEventAt: isoTimestamp(at(1)) });
    expect(facts.unknown.map(({ part }) => part)).toEqual(
      expect.arrayContaining(['the tables', 'the content of events']),
    );
  });
});

it.each([
  { sdk: 'js-client', origins: ['https://www.shop.example'] },
  { sdk: 'py-server', origins: undefined },
])('the template is asked for origins while $sdk is silent: $origins', async ({ sdk, origins }) => {
  const content = [
    { what: 'sdk', kind: 'less', subject: '', value: sdk, count: '0', whole: '90', days: '3' },
  ];
  const { facts } = await factsOf({ content });
  expect(facts.allowedOrigins?.origins).toEqual(origins);
});

it('without credentials it fails once, and leaves no failure to nobody', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const deployment = openDeployment(
    { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now: NOW },
    { region: 'us-east-1', credentials: () => Promise.reject(named('CredentialsProviderError')) },
  );
  opened.push(deployment);
  await expect(readStatusFacts(deployment)).rejects.toMatchObject({ code: 'SLUICE_AWS_NO_CREDENTIALS' });
  // Node tells of such a failure once all that was to be done is done.
  await setImmediate();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

it('days whose version no query reads are told of their own dataset and curated table', async () => {
  const written: Partial<LedgerEntry> = {
    version: 'v',
    filesWritten: ['a'],
    rows: { in: 9, out: 5, refused: 0 },
  };
  const entry = (source: string, dataset: string) =>
    [
      ledgerKey(source, dataset, '2026-11-10'),
      JSON.stringify(ledgerEntry({ source, dataset, day: '2026-11-10', ...written })),
    ] as const;
  const listed = { '2026-11-10': { version: 'v', shape: 's', fingerprint: 'f' } };
  const { facts } = await factsOf({
    folders: ingestedTableFolders(config, 'orders').map((folder) => `${folder}2026-11-10/`),
    objects: [
      entry('acme', 'orders'),
      entry(CURATED_LEDGER, 'events'),
      [curatedDaysKey('events'), JSON.stringify({ days: listed })],
    ],
  });
  const day = [{ day: '2026-11-10', rows: 5 }];
  expect(facts.datasets).toMatchObject([
    { dataset: 'events', unread: [] },
    { dataset: 'orders', unread: day },
  ]);
  expect(facts.curated).toMatchObject([
    { kind: 'exposures', unread: [] },
    { kind: 'events', unread: day },
  ]);
});

describe('a day whose load was requested hours ago', () => {
  const queued = { at: at(2), fingerprint: 'f', reason: 'new' };
  const entry = ledgerEntry({
    source: 'acme',
    dataset: 'orders',
    day: '2026-11-19',
    state: 'waiting',
    queued,
  });
  const objects = [[ledgerKey('acme', 'orders', '2026-11-19'), JSON.stringify(entry)]] as const;

  it('is told of its dataset if no message asks for it', async () => {
    const { facts } = await factsOf({ objects });
    const lost = facts.datasets?.map((dataset) => dataset.lost?.map(({ day }) => day));
    expect(lost).toEqual([[], ['2026-11-19']]);
  });

  it('is read also if the queue cannot be', async () => {
    const sqs = answeredBy(SQSClient, () => {
      throw Object.assign(named('AccessDenied'), { $metadata: { httpStatusCode: 403 } });
    });
    const { facts } = await factsOf({ objects, sqs });
    expect(facts.datasets).toMatchObject([{ dataset: 'events' }, { dataset: 'orders' }]);
    expect(facts.unknown.map(({ part }) => part)).toContain('the queue of loads');
  });
});
