import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { alsoReadsPolicy } from '../../../lib/access/alsoReads.ts';
import { metabasePolicy, metabaseWritePolicy } from '../../../lib/access/metabasePolicy.ts';
import { owoxPolicy } from '../../../lib/access/owoxPolicy.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { readerWorkgroup } from '../../../lib/access/readerStatements.ts';
import { type StatsigAccess, statsigPolicy } from '../../../lib/access/statsigPolicy.ts';
import { readersSchema } from '../../../lib/schema/readers.ts';
import { RESERVED_FOLDERS } from '../../../lib/tables/objectKeys.ts';
import {
  CURATED_FILE,
  EVENTS_FILE,
  EXPOSURES_FILE,
  everywhere,
  glue,
  INGESTED_FILE,
  inCatalog,
  inWorkgroup,
  key,
  keyPolicy,
  list,
  locate,
  object,
  query,
  readTable,
  scope,
} from './calls.ts';
import { type Call, decideCall, decidedOtherwise, decides, type Verdict } from './decideCall.ts';

const STATSIG: StatsigAccess = { statsigForwardsHere: false, keyAdministrator: false };
const RESULTS = 'acme-owox';
const KEYLESS = { ...scope, keyArn: null };
const statsigs = readerWorkgroup(scope, { name: 'statsig' });
const metabases = readerWorkgroup(scope, { name: 'metabase' });
const writers = readerWorkgroup(scope, { name: 'metabase', ownDatabase: 'metabase' });
const orders = readersSchema.parse([
  {
    kind: 'owox',
    name: 'owox',
    resultsBucket: RESULTS,
    alsoReads: [
      {
        database: 'finance',
        tables: ['orders'],
        locations: ['s3://acme-finance/orders/'],
        kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      },
      { database: 'shops', locations: ['s3://acme-shops/'], wholeBucket: true },
    ],
  },
])[0];
const ordersKey = {
  action: 'kms:Decrypt',
  resources: [orders?.alsoReads[0]?.kmsKeyArn ?? ''],
  context: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' },
};
const STAGED = 'statsig/experiment-42/first_exposures';

/** Calls on another reader's workgroup and results. */
function inFolderOf(name: string): Call[] {
  return [
    ...['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'].map((action) =>
      object(action, `query-results/${name}/5f0c.csv`),
    ),
    list(`query-results/${name}/`),
    inWorkgroup('StartQueryExecution', `sluice_${name}`),
    inWorkgroup('GetQueryResults', `sluice_${name}`),
  ];
}

/** Folders in which each reader has one of its own. */
const OF_RESULTS = new Set(['query-results', 'reader-tables']);

/** A reader as it is configured. */
interface Reader {
  readonly policies: readonly PolicyDocument[];
  /** Calls that it makes. */
  readonly does: readonly Call[];
  /** Calls that its policies deny, besides those that are denied to every reader. */
  readonly mustNot: readonly Call[];
}

const readers = {
  statsig: {
    policies: [statsigPolicy(scope, statsigs, STATSIG)],
    does: [
      locate(),
      list(), // HeadBucket
      list('statsig/experiment-42/'),
      list('query-results/statsig/'),
      glue('GetDatabases', 'sluice'),
      glue('GetTables', 'sluice', 'statsig_forwarded_events'),
      ...readTable('sluice', 'statsig_forwarded_exposures', EXPOSURES_FILE),
      ...readTable('sluice', 'statsig_forwarded_events', EVENTS_FILE),
      ...readTable('sluice', 'warehouse_metrics', INGESTED_FILE),
      ...readTable('sluice', 'curated_exposures', CURATED_FILE),
      ...query('sluice_statsig', scope.bucket, 'query-results/statsig/'),
      inWorkgroup('StopQueryExecution', 'sluice_statsig'),
      inWorkgroup('GetWorkGroup', 'sluice_statsig'),
      // An Iceberg staging table: made, written, and dropped with its files.
      glue('GetDatabase', 'statsig_staging'),
      glue('CreateTable', 'statsig_staging', 'first_exposures'),
      object('PutObject', `${STAGED}/metadata/00000.metadata.json`),
      object('PutObject', `${STAGED}/data/a.parquet`),
      object('ListMultipartUploadParts', `${STAGED}/data/a.parquet`),
      object('AbortMultipartUpload', `${STAGED}/data/a.parquet`),
      glue('GetTable', 'statsig_staging', 'first_exposures'),
      glue('BatchGetPartition', 'statsig_staging', 'first_exposures'),
      glue('UpdateTable', 'statsig_staging', 'first_exposures'),
      list(`${STAGED}/`),
      object('GetObject', `${STAGED}/data/a.parquet`),
      object('DeleteObject', `${STAGED}/data/a.parquet`),
      glue('DeleteTable', 'statsig_staging', 'first_exposures'),
    ],
    mustNot: [
      object('DeleteObject', 'statsig/statsig_forwarded_events/of_another_name/2026-11-20/a.parquet'),
      object('DeleteObjectVersion', EVENTS_FILE),
      object('PutObjectTagging', EVENTS_FILE),
      key('PutKeyPolicy'),
      inWorkgroup('StartQueryExecution', 'primary'),
      inWorkgroup('GetWorkGroup', 'primary'),
      ...inFolderOf('metabase'),
    ],
  },
  owox: {
    policies: [owoxPolicy(scope, { resultsBucket: RESULTS, ownDatabase: 'owox' })],
    does: [
      everywhere('athena:ListDataCatalogs'),
      inCatalog('GetDataCatalog'),
      inCatalog('GetDataCatalog', 'awsdatacatalog'),
      inCatalog('ListDatabases'),
      inWorkgroup('GetWorkGroup', 'primary'),
      // SELECT 1, EXPLAIN, and a report with its pages, cleaned up after.
      ...query('primary', RESULTS, 'athena-check-access/1-a/'),
      ...query('primary', RESULTS, 'athena-dry-run/2-b/'),
      ...query('primary', RESULTS, 'owox-data-marts/3-c/'),
      list('owox-data-marts/3-c', RESULTS),
      object('DeleteObject', 'owox-data-marts/3-c/5f0c.csv', RESULTS),
      object('DeleteObject', 'owox-data-marts/3-c/5f0c.csv.metadata', RESULTS),
      ...readTable('sluice', 'statsig_forwarded_exposures', EXPOSURES_FILE),
      ...readTable('sluice', 'warehouse_metrics', INGESTED_FILE),
      ...readTable('sluice', 'curated_exposures', CURATED_FILE),
      // A data mart's view, and a connector's table.
      glue('GetTable', 'owox', 'daily_signups'),
      glue('CreateTable', 'owox', 'daily_signups'),
      glue('UpdateTable', 'owox', 'daily_signups'),
      glue('CreateDatabase', 'owox'),
      object('PutObject', 'facebook_temp/batch_0.json', RESULTS),
      glue('DeleteTable', 'owox', 'facebook_temp_1'),
    ],
    mustNot: [
      object('GetObject', 'query-results/5f0c.csv'),
      object('PutObject', 'query-results/5f0c.csv'),
      object('GetObject', `${STAGED}/data/a.parquet`),
      glue('DeleteTable', 'statsig_staging', 'first_exposures'),
      glue('DeleteDatabase', 'owox'),
      ...inFolderOf('statsig'),
      ...inFolderOf('metabase'),
      list(),
    ],
  },
  metabase: {
    policies: [metabasePolicy(scope, metabases)],
    does: [
      everywhere('athena:ListDataCatalogs'),
      everywhere('athena:ListWorkGroups'),
      inWorkgroup('GetWorkGroup', 'sluice_metabase'),
      // The sync goes through every database of the account.
      inCatalog('ListDatabases'),
      inCatalog('ListTableMetadata'),
      inCatalog('GetTableMetadata'),
      inCatalog('ListDatabases', 'awsdatacatalog'),
      inCatalog('ListTableMetadata', 'awsdatacatalog'),
      inCatalog('GetTableMetadata', 'awsdatacatalog'),
      glue('GetDatabases', 'billing'),
      glue('GetTables', 'billing', 'invoices'),
      glue('GetTable', 'billing', 'invoices'),
      ...readTable('sluice', 'statsig_forwarded_exposures', EXPOSURES_FILE),
      ...readTable('sluice', 'warehouse_metrics', INGESTED_FILE),
      ...readTable('sluice', 'curated_exposures', CURATED_FILE),
      ...query('sluice_metabase', scope.bucket, 'query-results/metabase/'),
      inWorkgroup('GetQueryResultsStream', 'sluice_metabase'),
      inWorkgroup('CreatePreparedStatement', 'sluice_metabase'),
      list('query-results/metabase/'),
    ],
    mustNot: [
      object('GetObject', 'invoices/2026.parquet', 'acme-billing'),
      glue('GetPartitions', 'billing', 'invoices'),
      glue('CreateTable', 'metabase', 'model'),
      object('GetObject', `${STAGED}/data/a.parquet`),
      object('DeleteObject', 'query-results/metabase/5f0c.csv'),
      inWorkgroup('StartQueryExecution', 'primary'),
      ...inFolderOf('statsig'),
      list(),
    ],
  },
  'a reader of other data': {
    policies:
      orders === undefined
        ? []
        : [alsoReadsPolicy(scope, orders) ?? { Version: '2012-10-17', Statement: [] }],
    does: [
      locate('acme-finance'),
      list('orders/2026/', 'acme-finance'),
      object('GetObject', 'orders/2026/a.parquet', 'acme-finance'),
      ordersKey,
      ...['GetDatabase', 'GetDatabases'].map((action) => glue(action, 'finance')),
      ...['GetTable', 'GetTables', 'GetPartition', 'GetPartitions', 'BatchGetPartition'].map((action) =>
        glue(action, 'finance', 'orders'),
      ),
      list(undefined, 'acme-shops'),
      object('GetObject', 'any/a.parquet', 'acme-shops'),
      glue('GetTable', 'shops', 'any'),
    ],
    mustNot: [
      list(undefined, 'acme-finance'),
      list('orders-old/', 'acme-finance'),
      object('GetObject', 'payroll/a.parquet', 'acme-finance'),
      object('GetObject', 'orders-old/a.parquet', 'acme-finance'),
      object('PutObject', 'orders/a.parquet', 'acme-finance'),
      object('DeleteObject', 'any/a.parquet', 'acme-shops'),
      glue('GetTable', 'finance', 'payroll'),
      glue('CreateTable', 'shops', 'mine'),
      glue('GetTable', 'billing', 'invoices'),
      { ...ordersKey, context: {} },
      ...readTable('sluice', 'statsig_forwarded_exposures', EXPOSURES_FILE).slice(0, 1),
    ],
  },
  'metabase that writes': {
    policies: [metabasePolicy(scope, writers), metabaseWritePolicy(scope, 'metabase')],
    does: [
      glue('GetDatabase', 'metabase'),
      glue('CreateTable', 'metabase', 'model'),
      // Beside its results, and nothing expires there.
      object('PutObject', 'reader-tables/metabase/tables/5f0c/a.parquet'),
      object('GetObject', 'reader-tables/metabase/tables/5f0c/a.parquet'),
      list('reader-tables/metabase/tables/5f0c/'),
      key('GenerateDataKey'),
      glue('BatchCreatePartition', 'metabase', 'model'),
      glue('DeleteTable', 'metabase', 'model'),
    ],
    mustNot: [
      glue('CreateTable', 'billing', 'model'),
      glue('DeleteDatabase', 'metabase'),
      object('PutObject', 'reader-tables/finance/tables/5f0c/a.parquet'),
      ...inFolderOf('statsig'),
    ],
  },
} satisfies Readonly<Record<string, Reader>>;

const WRITES = ['PutObject', 'DeleteObject', 'DeleteObjectVersion', 'AbortMultipartUpload'];
const TABLE_CHANGES = ['CreateTable', 'UpdateTable', 'DeleteTable', 'CreatePartition', 'DeletePartition'];

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html: all that is not read or list. */
const EVERY_WRITE =
  'AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging InitiateReplication ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject UpdateObjectEncryption'.split(
    ' ',
  );
/** With which objects could be lost or opened all the same. */
const BUCKET_CHANGES =
  'DeleteBucket DeleteBucketPolicy PauseReplication PutBucketAcl PutBucketPolicy PutBucketPublicAccessBlock PutBucketVersioning PutLifecycleConfiguration PutReplicationConfiguration TagResource UntagResource'.split(
    ' ',
  );
/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html */
const EVERY_TABLE_CHANGE =
  'BatchCreatePartition BatchDeletePartition BatchDeleteTable BatchDeleteTableVersion BatchUpdatePartition CreatePartition CreatePartitionIndex CreateTable DeleteColumnStatisticsForPartition DeleteColumnStatisticsForTable DeletePartition DeletePartitionIndex DeleteTable DeleteTableVersion RenameTable UpdateColumnStatisticsForPartition UpdateColumnStatisticsForTable UpdatePartition UpdateTable'.split(
    ' ',
  );

/** Calls that are forbidden to every reader. */
const nobody: Call[] = [
  ...[...RESERVED_FOLDERS]
    .filter((folder) => !OF_RESULTS.has(folder))
    .flatMap((folder) => [
      object('GetObject', `${folder}/2026-11-20/a`),
      object('PutObject', `${folder}/2026-11-20/a`),
      object('DeleteObject', `${folder}/any/depth/a`),
      list(`${folder}/`),
    ]),
  ...[EXPOSURES_FILE, EVENTS_FILE, INGESTED_FILE].flatMap((file) =>
    WRITES.map((write) => object(write, file)),
  ),
  ...TABLE_CHANGES.flatMap((change) => [
    glue(change, 'sluice', 'statsig_forwarded_exposures'),
    glue(change, 'sluice', 'quarantine'),
  ]),
  glue('DeleteDatabase', 'sluice'),
  inWorkgroup('StartQueryExecution', 'finance'),
  inWorkgroup('GetQueryResults', 'finance'),
  inWorkgroup('UpdateWorkGroup', 'sluice'),
  // Queries of people and of future readers.
  ...inFolderOf('finance'),
  object('GetObject', 'query-results/5f0c.csv'),
  object('GetObject', 'query-results/tables/5f0c/a.parquet'),
  list('query-results/'),
  inWorkgroup('StartQueryExecution', 'sluice'),
  inWorkgroup('GetQueryResults', 'sluice'),
  key('Decrypt', 'secretsmanager'),
  { action: 'kms:Decrypt', resources: [scope.keyArn] },
  { action: 's3:PutBucketPolicy', resources: ['arn:aws:s3:::acme-experiments'] },
  {
    action: 'firehose:PutRecordBatch',
    resources: ['arn:aws:firehose:eu-west-1:111122223333:deliverystream/x'],
  },
];

/** AWS's decision on a reader's call; for the key, the key's policy counts too. */
function decide(policies: readonly PolicyDocument[], call: Call): Promise<Verdict> {
  return decideCall(
    {
      principal: 'arn:aws:iam::111122223333:user/reader',
      policies,
      resourcePolicy: call.action.startsWith('kms:') ? keyPolicy : undefined,
    },
    call,
  );
}

describe.each(Object.entries(readers))('%s', (_, { policies, does, mustNot }) => {
  const decideOn = (call: Call) => decide(policies, call);

  it('can make all calls that it needs', async () => {
    await decides(does, 'Allowed', decideOn);
  });

  it('cannot make forbidden calls', async () => {
    await decides([...mustNot, ...nobody], 'Denied', decideOn);
  });

  it('has no unnecessary statement', async () => {
    const unnecessary: string[] = [];
    for (const [i, policy] of policies.entries()) {
      // The first of two policies is the one of the Metabase that only reads.
      const calls = policies.length > 1 && i === 0 ? readers.metabase.does : does;
      for (const statement of policy.Statement.filter(({ Effect }) => Effect === 'Allow')) {
        const others = policy.Statement.filter((other) => other !== statement);
        const without = policies.with(i, { ...policy, Statement: others });
        const denied = await decidedOtherwise(calls, 'Allowed', (call) => decide(without, call));
        if (denied.length === 0) unnecessary.push(statement.Sid ?? '');
      }
    }
    expect(unnecessary).toEqual([]);
  });

  it('has no access to our own folders at any depth', async () => {
    const folder = fc.constantFrom(...[...RESERVED_FOLDERS].filter((name) => !OF_RESULTS.has(name)));
    const action = fc.constantFrom('GetObject', 'PutObject', 'DeleteObject', 'GetObjectVersion');
    await fc.assert(
      fc.asyncProperty(
        folder,
        action,
        fc.stringMatching(/^[A-Za-z0-9_.=/-]{1,40}$/),
        async (top, does, below) => {
          const call = object(does, `${top}/${below}`);
          expect(await decide(policies, call)).toBe('ImplicitlyDenied');
        },
      ),
      { numRuns: 25 },
    );
  });
});

it.each([
  { name: 'statsig', policies: [statsigPolicy(KEYLESS, statsigs, STATSIG)] },
  { name: 'owox', policies: [owoxPolicy(KEYLESS, { resultsBucket: RESULTS, ownDatabase: 'owox' })] },
  { name: 'metabase', policies: [metabasePolicy(KEYLESS, metabases)] },
] as const)(
  "$name does the same in a bucket with S3's own keys, and may use no key",
  async ({ name, policies }) => {
    const { does, mustNot } = readers[name];
    const isOfKey = ({ action }: Call) => action.startsWith('kms:');
    const decideOn = (call: Call) => decide(policies, call);
    const withoutKey = does.filter((call) => !isOfKey(call));
    await decides(withoutKey, 'Allowed', decideOn);
    await decides(does.filter(isOfKey), 'ImplicitlyDenied', decideOn);
    await decides([...mustNot, ...nobody], 'Denied', decideOn);
  },
);

describe('statsig', () => {
  it('is explicitly denied our data and tables, so that no later policy can give it access', async () => {
    const policies = [
      ...readers.statsig.policies,
      {
        Version: '2012-10-17',
        Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['s3:*', 'glue:*'], Resource: ['*'] }],
      } as const,
    ];
    const changes: Call[] = [
      ...[EXPOSURES_FILE, EVENTS_FILE, INGESTED_FILE].flatMap((file) =>
        EVERY_WRITE.map((write) => object(write, file)),
      ),
      ...BUCKET_CHANGES.map((change) => ({
        action: `s3:${change}`,
        resources: [`arn:aws:s3:::${scope.bucket}`],
      })),
      ...EVERY_TABLE_CHANGE.map((change) => ({
        action: `glue:${change}`,
        resources: glue(change, 'sluice', 'statsig_forwarded_events').resources.slice(-1),
      })),
      ...['UpdateDatabase', 'DeleteDatabase'].map((change) => ({
        action: `glue:${change}`,
        resources: glue(change, 'sluice').resources.slice(-1),
      })),
    ];
    const decideOn = (call: Call) => decide(policies, call);
    await decides(changes, 'ExplicitlyDenied', decideOn);
  });

  it('can write forwarded data if it forwards by itself, but never ingested data', async () => {
    const policies = [statsigPolicy(scope, statsigs, { ...STATSIG, statsigForwardsHere: true })];
    expect(await decide(policies, object('PutObject', EVENTS_FILE))).toBe('Allowed');
    expect(await decide(policies, object('DeleteObject', EXPOSURES_FILE))).toBe('Allowed');
    expect(await decide(policies, object('PutObject', INGESTED_FILE))).toBe('ExplicitlyDenied');
  });

  it('can administer the key only if that is configured', async () => {
    const policies = [statsigPolicy(scope, statsigs, { ...STATSIG, keyAdministrator: true })];
    expect(await decide(policies, key('PutKeyPolicy'))).toBe('Allowed');
  });
});
