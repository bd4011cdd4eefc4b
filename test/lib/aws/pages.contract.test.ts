import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from '@jest/globals';
import { runStatement } from '../../../lib/aws/athenaStatements.ts';
import { customerBucketFrom } from '../../../lib/aws/customerBucket.ts';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { glueViews } from '../../../lib/aws/glueViews.ts';
import { type LandedPlace, landedTable } from '../../../lib/aws/landedTable.ts';
import { landingBucket } from '../../../lib/aws/landingBucket.ts';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { listObjects } from '../../../lib/base/ObjectStore.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { rawDays } from '../../../lib/curate/RawDays.ts';
import { readVersions } from '../../../lib/curate/servedDays.ts';
import { listDrop } from '../../../lib/drops/listDrops.ts';
import { lookElsewhere } from '../../../lib/drops/plan/lookElsewhere.ts';
import { exportedFile } from '../../../lib/tables/exportKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { readDeployedLive } from '../../../observe/live/deployedLive.ts';
import { readLog } from '../../../observe/readLog.ts';
import { restoreFiles } from '../../../operate/restore.ts';
import { type AskedCall, answeredBy } from '../../harness/answering.ts';
import { definedDataset } from '../../harness/configInput.ts';
import { callsAnswering, callsBySource } from './sdkCalls.ts';

const timing = { clock: { now: () => 0 }, wait: async () => undefined, random: () => 0 };
const attempts = { ...timing, deadline: 1_000 };
const place = { bucket: 'theirs', owner: '111122223333' };
const landedPlace: LandedPlace = {
  database: 'd',
  table: 't',
  bucket: 'ours',
  tableFiles: { kind: 'versions' },
};
const days = ['2026-11-19', '2026-11-20'] as const;
const config = defineConfig({ bucket: 'ours' });
const { dataset } = definedDataset({});
const stack = { service: 's', stage: 't' };
const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
/** A deployment whose lists are asked with other clients. */
const deployment = {
  ...openDeployment({ config, stack, isLocal: false, now: 0 }, { region: 'us-east-1', credentials }),
  ...timing,
};

/** Answers of calls: the first page, what the next call has to ask with, and the second page. */
type Pages = readonly [first: object, asks: Readonly<Record<string, string>>, second: object];

/** The pages of a listing of objects. */
const objects = (first: string, second: string): Pages => [
  { Contents: [{ Key: first, Size: 1 }], IsTruncated: true, NextContinuationToken: 'page 2' },
  { ContinuationToken: 'page 2' },
  { Contents: [{ Key: second, Size: 1 }], IsTruncated: false },
];
const folders = (first: string, second: string): Pages => [
  { CommonPrefixes: [{ Prefix: first }], IsTruncated: true, NextContinuationToken: 'page 2' },
  { ContinuationToken: 'page 2' },
  { CommonPrefixes: [{ Prefix: second }] },
];
const partitions = (table: string): Pages => {
  const partitionOf = (day: string) => ({
    Values: [day],
    StorageDescriptor: {
      Location: `s3://ours/${versionPrefix(config, table, day, '20261120T000000Z-0123abcd')}`,
    },
  });
  return [
    { Partitions: [partitionOf(days[0])], NextToken: 'page 2' },
    { NextToken: 'page 2' },
    { Partitions: [partitionOf(days[1])] },
  ];
};

/** A list of the product. */
interface List {
  /** The file and the call that it makes. */
  readonly of: string;
  /** What the call answers. */
  readonly pages: Pages;
  /** Reads the list with clients that answer so. */
  readonly read: (clients: ReturnType<typeof clientsWithPages>) => Promise<unknown>;
  /** What is read of both pages. */
  readonly found: unknown;
}

/** Every list that the product reads by tokens of its own. The SDK's paginators keep theirs themselves. */
const LISTS: readonly List[] = [
  {
    of: 'lib/aws/customerBucket.ts ListObjectsV2',
    pages: objects(`events/${days[1]}/a.parquet`, `events/${days[1]}/b.parquet`),
    read: async ({ s3 }) =>
      (await listDrop(customerBucketFrom(s3, { name: 'acme', ...place }), dataset, days[1])).files.length,
    found: 2,
  },
  {
    of: 'lib/aws/customerBucket.ts ListObjectsV2',
    pages: folders(`events/${days[0]}/`, `events/${days[1]}/`),
    read: async ({ s3 }) =>
      (await lookElsewhere(customerBucketFrom(s3, { name: 'acme', ...place }), dataset)).days,
    found: days,
  },
  {
    of: 'lib/aws/s3ObjectStore.ts ListObjectsV2',
    pages: objects('a', 'b'),
    read: ({ s3 }) => keysOf(listObjects(s3ObjectStore(s3, 'ours'), '')),
    found: ['a', 'b'],
  },
  {
    of: 'lib/aws/s3ObjectStore.ts ListObjectsV2',
    pages: folders(dayFolder(config, 'events', days[0]), dayFolder(config, 'events', days[1])),
    read: ({ s3 }) => rawDays(s3ObjectStore(s3, 'ours'), config, attempts).days('events'),
    found: days,
  },
  {
    of: 'lib/aws/s3ObjectStore.ts ListObjectsV2',
    pages: objects('t/a.parquet', 't/b.parquet'),
    read: async ({ s3, glue }) => {
      const table = landedTable({ s3, glue }, landedPlace, attempts);
      return (await table.files('t/')).map(({ key }) => key);
    },
    found: ['t/a.parquet', 't/b.parquet'],
  },
  {
    of: 'lib/aws/s3ObjectStore.ts ListObjectsV2',
    pages: objects('a', 'b'),
    read: async ({ s3 }) => [...(await exportBucketFrom(s3, place, attempts).list('')).keys()],
    found: ['a', 'b'],
  },
  {
    of: 'lib/aws/s3ObjectStore.ts ListObjectsV2',
    // Its callers go on after the last key.
    pages: [
      { Contents: [{ Key: 'a' }], IsTruncated: true },
      { StartAfter: 'a' },
      { Contents: [{ Key: 'b' }] },
    ],
    read: async ({ s3 }) => {
      const bucket = landingBucket(s3, 'ours');
      return [...(await bucket.list('')), ...(await bucket.list('', 'a'))];
    },
    found: ['a', 'b'],
  },
  {
    of: 'lib/aws/exportBucket.ts ListMultipartUploads',
    pages: [
      {
        Uploads: [{ Key: exportedFile({ key: 'a', eTag: '' }), UploadId: '1' }],
        IsTruncated: true,
        NextKeyMarker: 'k',
        NextUploadIdMarker: 'u',
      },
      { KeyMarker: 'k', UploadIdMarker: 'u' },
      { Uploads: [{ Key: exportedFile({ key: 'b', eTag: '' }), UploadId: '2' }] },
    ],
    read: ({ s3 }) => exportBucketFrom(s3, place, attempts).abortUploads(''),
    found: 2,
  },
  {
    of: 'lib/aws/s3EraseBucket.ts ListObjectVersions',
    pages: [
      {
        Versions: [{ Key: 'a', VersionId: '2', ETag: 'e', LastModified: new Date(0) }],
        IsTruncated: true,
        NextKeyMarker: 'a',
        NextVersionIdMarker: '2',
      },
      { KeyMarker: 'a', VersionIdMarker: '2' },
      { Versions: [{ Key: 'a', VersionId: '1', ETag: 'e', LastModified: new Date(0) }] },
    ],
    read: async ({ s3 }) =>
      (await s3EraseBucket(s3, 'ours', timing).versions('a')).map(({ versionId }) => versionId),
    found: ['2', '1'],
  },
  {
    of: 'observe/facts/days/files/fileVersions.ts ListObjectVersions',
    pages: [
      { ...deletedFile('a'), IsTruncated: true, NextKeyMarker: 'k', NextVersionIdMarker: 'v' },
      { KeyMarker: 'k', VersionIdMarker: 'v' },
      deletedFile('b'),
    ],
    read: async ({ s3 }) => {
      const asked = { table: 'events', days: [days[1]], dryRun: true };
      const [day] = await restoreFiles({ ...deployment, s3 }, asked);
      return day?.deleted;
    },
    found: ['a', 'b'],
  },
  {
    of: 'lib/aws/gluePartitionCatalog.ts GetPartitions',
    pages: partitions('t'),
    read: async ({ s3, glue }) => {
      const table = landedTable({ s3, glue }, landedPlace, attempts);
      return [...(await table.locations(days)).keys()];
    },
    found: days,
  },
  {
    of: 'lib/aws/gluePartitionCatalog.ts GetPartitions',
    pages: partitions(config.curatedTables.exposures),
    read: async ({ glue }) => {
      const publisher = { ...attempts, config, bucket: 'ours', views: glueViews(glue, 'd') };
      return [...(await readVersions(publisher)).exposures.keys()];
    },
    found: days,
  },
  {
    of: 'lib/aws/athenaStatements.ts GetQueryResults',
    pages: [
      {
        ResultSet: { ResultSetMetadata: { ColumnInfo: [{ Name: 'a' }] }, Rows: [row('a'), row('1')] },
        NextToken: '2',
      },
      { NextToken: '2' },
      { ResultSet: { ResultSetMetadata: { ColumnInfo: [{ Name: 'a' }] }, Rows: [row('a')] } },
    ],
    read: async ({ athena }) =>
      runStatement(athena, 'SELECT a', { ...timing, workGroup: 'w', deadlineMs: 1_000 }),
    // The name of a column is a value on a later page.
    found: expect.objectContaining({ rows: [['1'], ['a']], hasMore: false }),
  },
  {
    of: 'observe/readLog.ts FilterLogEvents',
    pages: [
      { events: [{ message: 'a' }], nextToken: '2' },
      { nextToken: '2' },
      { events: [{ message: 'b' }] },
    ],
    read: async ({ logs }) => {
      const asked = { group: 'g', filterPattern: '', times: [{ startTime: 0 }], mostPages: 9 };
      return (await readLog({ logs }, asked)).events.map(({ message }) => message);
    },
    found: ['a', 'b'],
  },
  {
    of: 'observe/live/deployedLive.ts FilterLogEvents',
    pages: [{ nextToken: '2' }, { nextToken: '2' }, {}],
    read: async ({ logs }) => {
      const deployed = { ...deployment, logs };
      const { next } = await readDeployedLive(deployed, { last: 1 });
      return (await readDeployedLive(deployed, { after: next })).entries;
    },
    found: [],
  },
];

/** Calls that read one page on purpose. */
const ONE_PAGE: Readonly<Record<string, string>> = {
  'cli/trial/removeTrial.ts DescribeStacks': 'one stack by its name',
  'cli/trial/askServices.ts GetTables': 'the few tables of a trial: whether one of them is left to IAM',
  'infra/serverless/deployedStack.ts DescribeStacks': 'one stack by its name',
  'observe/doctor/Setup.ts DescribeStacks': 'one stack by its name',
  'observe/facts/flow/stackOutputs.ts DescribeStacks': 'one stack by its name',
  'observe/facts/flow/alarms.ts DescribeAlarms': 'a hundred alarms by their names',
  'observe/doctor/account/freeNames.ts DescribeLogGroups': 'one group by its name',
  'cli/trial/removeTrial.ts ListObjectVersions': 'what is listed is deleted, and listed again',
};

function deletedFile(Key: string) {
  return {
    Versions: [{ Key, VersionId: '1', ETag: 'e' }],
    DeleteMarkers: [{ Key, VersionId: '2', IsLatest: true }],
  };
}

function row(value: string) {
  return { Data: [{ VarCharValue: value }] };
}

async function keysOf(listed: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listed) keys.push(key);
  return keys;
}

/**
 * Clients whose call answers each page of its first list once, and the second only to who asks for it. All other calls
 * are done, or answer nothing.
 */
function clientsWithPages(call: string, [first, asks, second]: Pages) {
  const read: string[] = [];
  const others: Readonly<Record<string, object>> = {
    StartQueryExecution: { QueryExecutionId: 'q' },
    GetQueryExecution: { QueryExecution: { Status: { State: 'SUCCEEDED' } } },
  };
  const answer = ({ name, input }: AskedCall) => {
    const list = `${input['Prefix'] ?? ''} ${input['TableName'] ?? ''}`;
    if (name !== call || (read[0] ?? list) !== list) return others[name] ?? {};
    read.push(list);
    const given = Object.entries(input).filter(([member]) => Object.hasOwn(asks, member));
    const sent = Object.fromEntries(given.filter(([, value]) => value !== undefined));
    expect(read.length).toBeLessThanOrEqual(2);
    expect(sent).toEqual(read.length === 1 ? {} : asks);
    return read.length === 1 ? first : second;
  };
  return {
    s3: answeredBy(S3Client, answer),
    glue: answeredBy(GlueClient, answer),
    athena: answeredBy(AthenaClient, answer),
    logs: answeredBy(CloudWatchLogsClient, answer),
  };
}

it.each(LISTS)('$of reads its second page', async (list) => {
  const [, call = ''] = list.of.split(' ');
  expect(await list.read(clientsWithPages(call, list.pages))).toEqual(list.found);
});

it('every call that is answered in pages is in a table', () => {
  const sources = callsBySource();
  const paged = callsAnswering(
    sources.keys(),
    /^ {4}(?:NextToken|nextToken|IsTruncated|NextMarker|Marker)\??:/m,
  );
  const found = [...paged].flatMap((call) =>
    Array.from(sources.get(call) ?? [], (file) => `${file} ${call}`),
  );
  const known = [...LISTS.map(({ of }) => of), ...Object.keys(ONE_PAGE)];
  expect([...new Set(known)].sort()).toEqual(found.filter((key) => !key.startsWith('demo/')).sort());
});
