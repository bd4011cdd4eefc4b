import { DeleteTableCommand } from '@aws-sdk/client-glue';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { run } from '../harness/answer.ts';
import type { PRINCIPALS, ReaderClients } from './openReaders.ts';

export type ReaderName = keyof typeof PRINCIPALS;

const EVERYBODY: readonly ReaderName[] = ['statsig', 'owox', 'metabase', 'models'];

/** Something that a reader must not do, and the words of the refusal that say why it can't. */
export interface Forbidden {
  readonly what: string;
  /** @param workgroup The reader's own. */
  readonly does: (clients: ReaderClients, bucket: string, workgroup: string) => Promise<unknown>;
  readonly denied: RegExp;
  readonly readers: readonly ReaderName[];
}

const onObject =
  (Command: typeof GetObjectCommand | typeof DeleteObjectCommand, Key: string) =>
  ({ s3 }: ReaderClients, Bucket: string) =>
    Command === GetObjectCommand
      ? s3.send(new GetObjectCommand({ Bucket, Key }))
      : s3.send(new DeleteObjectCommand({ Bucket, Key }));
const write =
  (Key: string) =>
  ({ s3 }: ReaderClients, Bucket: string) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
const query =
  (QueryString: string, WorkGroup?: string) =>
  ({ athena }: ReaderClients, bucket: string, own: string) =>
    run(athena, {
      ...{ QueryString, WorkGroup: WorkGroup ?? own },
      ResultConfiguration: { OutputLocation: `s3://${bucket}/query-results/` },
    });
const FORWARDED = 'statsig/statsig_forwarded_events/statsig_forwarded_events/2026-11-20/x.parquet';
const INGESTED = 'statsig/ingested/warehouse_metrics/2026-11-20/v1/x.parquet';

/** Each is tried by its reader in the local cloud, which refuses it by the policies. */
export const forbidden: readonly Forbidden[] = [
  ...['landing/direct/2026-11-20/a.ndjson.gz', 'ledger/shop/orders/2026-11-20.json', 'damaged/a'].map(
    (key) => ({
      what: `reads ${key}`,
      does: onObject(GetObjectCommand, key),
      denied: /s3:GetObject /,
      readers: EVERYBODY,
    }),
  ),
  {
    what: 'lists quarantine/',
    does: ({ s3 }, Bucket) => s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'quarantine/' })),
    denied: /s3:ListBucket /,
    readers: EVERYBODY,
  },
  {
    what: 'reads by Athena what was quarantined',
    does: query('SELECT count(reason) FROM sluice.quarantine'),
    denied: /quarantine/,
    readers: EVERYBODY,
  },
  ...[FORWARDED, INGESTED].flatMap((key) => [
    { what: `writes ${key}`, does: write(key), denied: /s3:PutObject /, readers: EVERYBODY },
    {
      what: `deletes ${key}`,
      does: onObject(DeleteObjectCommand, key),
      denied: /s3:DeleteObject /,
      readers: EVERYBODY,
    },
  ]),
  {
    what: 'drops a table of ours',
    does: ({ glue }) =>
      glue.send(new DeleteTableCommand({ DatabaseName: 'sluice', Name: 'statsig_forwarded_elsewhere' })),
    denied: /glue:DeleteTable /,
    readers: EVERYBODY,
  },
  {
    what: 'replaces a view of ours by Athena',
    does: query('CREATE OR REPLACE VIEW sluice.readers_own AS SELECT 1 AS one'),
    denied: /glue:(?:Create|Update)Table /,
    readers: EVERYBODY,
  },
  {
    what: 'queries in the workgroup primary',
    does: query('SELECT 1', 'primary'),
    denied: /athena:StartQueryExecution /,
    readers: ['statsig', 'metabase', 'models'],
  },
  {
    what: 'queries in the workgroup of people',
    does: query('SELECT 1', 'sluice'),
    denied: /athena:StartQueryExecution /,
    readers: EVERYBODY,
  },
  {
    what: "queries in Statsig's workgroup, among its results",
    does: query('SELECT 1', 'sluice_statsig'),
    denied: /athena:StartQueryExecution /,
    readers: ['owox', 'metabase', 'models'],
  },
  ...(
    [
      ['query-results/5f0c.csv', EVERYBODY],
      ['query-results/statsig/5f0c.csv', ['owox', 'metabase', 'models']],
      ['query-results/metabase/5f0c.csv', ['statsig', 'owox', 'models']],
      ['reader-tables/models/5f0c.csv', ['statsig', 'owox', 'metabase']],
    ] as const
  ).flatMap(([key, who]) => [
    { what: `reads ${key}`, does: onObject(GetObjectCommand, key), denied: /s3:GetObject /, readers: who },
    { what: `writes ${key}`, does: write(key), denied: /s3:PutObject /, readers: who },
    {
      what: `deletes ${key}`,
      does: onObject(DeleteObjectCommand, key),
      denied: /s3:DeleteObject /,
      readers: who,
    },
  ]),
];
