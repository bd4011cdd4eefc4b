import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AthenaClient, DeleteWorkGroupCommand, UpdateWorkGroupCommand } from '@aws-sdk/client-athena';
import {
  BatchCreatePartitionCommand,
  type Column,
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  GlueClient,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { DisableKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { DeleteBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from '@jest/globals';
import config from '#config';
import { logicalIds } from '../../../infra/template/Stack.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { addDays, DAY_MS, utcDay } from '../../../lib/base/time.ts';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { ForwardedKind, TableKind } from '../../../lib/schema/kinds.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { overflowKey, relayId, relayRefusedKey } from '../../../lib/tables/objectKeys.ts';
import { tableFolder } from '../../../lib/tables/tableFolders.ts';
import { fitCuratedView } from '../../../lib/views/curatedViews.ts';
import { prestoViewText } from '../../../lib/views/prestoView.ts';
import { djb2 } from '../../../lib/wire/experimentNames.ts';
import type { BucketSettings } from '../../../packages/local-aws/src/s3/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import type { StartedDeployment } from './startDeployment.ts';

const { bucket, database, tables, athena } = config;
const EVENTS = tables.events;
/** Commands that make a table anew: a changed table is restored as a whole, and recreated for a wrong partition key. */
const REMAKE =
  /^aws glue delete-table --database-name sluice --name \S+ .*\naws glue create-table --database-name sluice --table-input '/;
const FOLDER = `statsig/statsig_forwarded_events/${EVENTS}`;

/** Changes the events table in the catalog, as somebody would in the console. */
async function alterTable(
  { options }: StartedDeployment,
  Name: string,
  change: (input: TableInput) => TableInput,
) {
  const glue = new GlueClient(options);
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: database, Name }));
  const { Description, Parameters, PartitionKeys, StorageDescriptor, TableType } = Table ?? {};
  const { ViewOriginalText, ViewExpandedText } = Table ?? {};
  await glue.send(
    new UpdateTableCommand({
      DatabaseName: database,
      TableInput: change({
        ...{ Name, Description, Parameters, PartitionKeys, StorageDescriptor, TableType },
        ...{ ViewOriginalText, ViewExpandedText },
      }),
    }),
  );
}

const withColumns =
  (change: (columns: readonly Column[]) => Column[]) =>
  (input: TableInput): TableInput =>
    storage({ Columns: change(input.StorageDescriptor?.Columns ?? []) })(input);

const storage =
  (more: object) =>
  (input: TableInput): TableInput => ({
    ...input,
    StorageDescriptor: { ...input.StorageDescriptor, ...more },
  });

async function addPartition(
  { options }: StartedDeployment,
  day: string,
  more: object = {},
  TableName = EVENTS,
) {
  const glue = new GlueClient(options);
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: database, Name: TableName }));
  const StorageDescriptor = {
    ...Table?.StorageDescriptor,
    Location: `s3://${bucket}/${FOLDER}/${day}/`,
    ...more,
  };
  const { Errors } = await glue.send(
    new BatchCreatePartitionCommand({
      DatabaseName: database,
      TableName,
      PartitionInputList: [{ Values: [day], StorageDescriptor }],
    }),
  );
  expect(Errors ?? []).toEqual([]);
}

const putObject = ({ options }: StartedDeployment, Key: string) =>
  new S3Client({ ...options, forcePathStyle: true }).send(
    new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }),
  );

/** A file with a name of Firehose. */
const addFile = (d: StartedDeployment, day: string, folder = `${FOLDER}/${day}`) =>
  putObject(
    d,
    `${folder}/sluice-local-events-1-${day}-10-00-00-01234567-89ab-4cde-8f01-23456789abcd.parquet`,
  );

/** Rows of quarantine that were just received, one of them a day earlier. */
const quarantineRows = (d: StartedDeployment, reason: string, rows: number) =>
  putRows(
    d,
    'quarantine',
    `SELECT '${reason}' AS reason, epoch_ms(${Date.now()}::BIGINT) - INTERVAL (CASE n WHEN 0 THEN 25 ELSE 0 END) HOURS AS received_at
     FROM range(${rows + 1}) AS numbers (n)`,
  );

/** Puts a file of today with the rows of a query. */
async function putRows(d: StartedDeployment, kind: TableKind, query: string) {
  const day = utcDay(Date.now());
  const folder = tableFolder(config, kind);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const directory = temporaryDirectory();
  const path = join(directory.path, 'rows.parquet');
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  const s3 = new S3Client({ ...d.options, forcePathStyle: true });
  // A name of Firehose: any other is found to be of another sender.
  const Key = `${folder}${day}/sluice-local-${kind}-1-${day}-10-00-00-01234567-89ab-4cde-8f01-23456789abcd.parquet`;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: readFileSync(path) }));
  s3.destroy();
  directory.remove();
  await addPartition(d, day, { Location: `s3://${bucket}/${folder}${day}/` }, tables[kind]);
}

/** A day that views read from the curated table, and whose files are deleted. */
const GONE = '2025-06-01';

/** A day with a file and a partition, and what the ledger has of its curation. */
async function addCurated(d: StartedDeployment, day: string, more: Partial<LedgerEntry>) {
  await addFile(d, day);
  await addPartition(d, day);
  const entry: LedgerEntry = {
    ...{ ...curatedSubject(config, 'events', day), state: 'waiting', fingerprint: 'f', attempts: 1 },
    ...{ files: [], rows: { in: 0, out: 0, refused: 0 }, rowsByDaysLate: {}, bytes: 0, durations: {} },
    ...{ superseded: [], updatedAt: Date.now(), token: 't', ...more },
  };
  const s3 = new S3Client({ ...d.options, forcePathStyle: true });
  await ledgerStore(s3ObjectStore(s3, bucket)).write(entry, null);
  s3.destroy();
}

/** The list of days that views read from a curated table. */
async function putList({ options }: StartedDeployment, kind: ForwardedKind, days: readonly string[]) {
  const listed = { version: 'v1', shape: 's', fingerprint: 'of other files' };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  await listedDays(s3ObjectStore(s3, bucket)).write(
    kind,
    Object.fromEntries(days.map((day) => [day, listed])),
    null,
  );
  s3.destroy();
}

function physicalId({ resources }: StartedDeployment['stack'], logicalId: string): string {
  return resources.find((one) => one.logicalId === logicalId)?.physicalId ?? '';
}

function setBucket({ store }: StartedDeployment, change: (settings: BucketSettings) => BucketSettings) {
  const there = store.bucket(bucket);
  there.settings = change(there.settings);
}

const keyId = ({ stack }: StartedDeployment) =>
  stack.resources.find(({ logicalId }) => logicalId === logicalIds.key)?.physicalId;

const updateWorkgroup = ({ options }: StartedDeployment, input: object) =>
  new AthenaClient(options).send(new UpdateWorkGroupCommand({ WorkGroup: athena.workgroup, ...input }));

const queueUrl = ({ stack }: StartedDeployment, id: string) =>
  stack.resources.find(({ logicalId }) => logicalId === id)?.physicalId;

type Break = (deployed: StartedDeployment) => unknown;

/** By code: how to break the thing, and what must be said of it; of commands that mend it, how they begin. */
export const broken: Readonly<Record<string, readonly [Break, detail: RegExp, command?: RegExp]>> = {
  STACK_MISSING: [(d) => d.tell({ ...d.stack, name: 'other' }), /sluice-local, in us-east-1/],
  STACK_DIFFERS: [
    (d) => d.tell({ ...d.stack, outputs: { ...d.stack.outputs, DatabaseName: 'older' } }),
    /^DatabaseName: deployed older, configured sluice\.$/,
  ],
  VERSION_OLDER: [
    (d) => d.tell({ ...d.stack, outputs: { ...d.stack.outputs, SluiceVersion: '0.2.0' } }),
    /^sluice-local: 0\.2\.0; this working tree: /,
  ],
  VERSION_NEWER: [
    (d) => d.tell({ ...d.stack, outputs: { ...d.stack.outputs, SluiceVersion: '99.0.0' } }),
    /^sluice-local: 99\.0\.0; this working tree: /,
  ],
  BUCKET_MISSING: [
    ({ options }) =>
      new S3Client({ ...options, forcePathStyle: true }).send(new DeleteBucketCommand({ Bucket: bucket })),
    /sluice-experiments/,
  ],
  BUCKET_EVENTS: [
    ({ store }) => store.bucket(bucket).setEventBridge(false),
    /registered.*hour/,
    /^aws s3api put-bucket-notification-configuration --bucket sluice-experiments --notification-configuration '\{"EventBridgeConfiguration":\{\}\}' --region us-east-1 --endpoint-url http:/,
  ],
  BUCKET_ENCRYPTION: [
    (d) => setBucket(d, ({ BucketEncryption, ...rest }) => rest),
    /key/,
    /^aws s3api put-bucket-encryption .*"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"arn:aws:kms:/,
  ],
  BUCKET_POLICY: [
    (d) =>
      setBucket(d, (settings) => ({
        ...settings,
        policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: {
            Sid: 'Theirs',
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:GetObject',
            Resource: `arn:aws:s3:::${bucket}/*`,
          },
        }),
      })),
    /TLS/,
    /^aws s3api put-bucket-policy .*"Sid":"Theirs".*"Sid":"EncryptedTransportOnly"/,
  ],
  BUCKET_LIFECYCLE: [
    (d) =>
      setBucket(d, (settings) => ({
        ...settings,
        LifecycleConfiguration: {
          Rules: [{ Id: 'theirs', Status: 'Enabled', Prefix: 'theirs/', ExpirationInDays: 1 }],
        },
      })),
    /for good/,
    /^aws s3api put-bucket-lifecycle-configuration .*"ID":"theirs".*"ID":"sluice-query-results"/,
  ],
  BUCKET_PUBLIC: [
    (d) => setBucket(d, ({ PublicAccessBlockConfiguration, ...rest }) => rest),
    /public/,
    /^aws s3api put-public-access-block .*"RestrictPublicBuckets":true/,
  ],
  BUCKET_VERSIONING: [
    (d) => setBucket(d, (settings) => ({ ...settings, VersioningConfiguration: { Status: 'Suspended' } })),
    /overwritten/,
    /^aws s3api put-bucket-versioning .*'\{"Status":"Enabled"\}'/,
  ],
  KEY_DISABLED: [
    (d) => new KMSClient(d.options).send(new DisableKeyCommand({ KeyId: keyId(d) })),
    /key\/.* is Disabled\.$/,
    /^aws kms enable-key --key-id arn:aws:kms:/,
  ],
  KEY_UNROTATED: [
    (d) => d.keys.change(d.keys.key(keyId(d) ?? ''), { rotated: false }),
    /key\//,
    /^aws kms enable-key-rotation --key-id arn/,
  ],
  KEY_POLICY: [
    (d) =>
      new KMSClient(d.options).send(
        new PutKeyPolicyCommand({
          KeyId: keyId(d),
          Policy: JSON.stringify({
            Statement: [{ Effect: 'Allow', Principal: { AWS: 'x' }, Action: 'kms:*' }],
          }),
        }),
      ),
    /role\/sluice-local-CollectRole-/,
  ],
  TABLE_MISSING: [
    ({ options }) =>
      new GlueClient(options).send(new DeleteTableCommand({ DatabaseName: database, Name: EVENTS })),
    new RegExp(`^${database}\\.${EVENTS}\\.$`),
    /^aws glue create-table --database-name sluice --table-input '.*"Location":"s3:\/\/sluice-experiments\/statsig\//,
  ],
  TABLE_COLUMNS: [
    (d) =>
      alterTable(
        d,
        EVENTS,
        withColumns(([first, second, ...rest]) => [
          { ...first, Name: 'event_id', Type: 'bigint' },
          { ...second, Name: 'renamed' },
          ...rest,
        ]),
      ),
    /event_id is bigint, expected string; event_name is missing; renamed is not expected/,
    REMAKE,
  ],
  TABLE_COMMENTS: [
    (d) =>
      alterTable(
        d,
        EVENTS,
        withColumns(([first, ...rest]) => [{ ...first, Name: 'event_id', Comment: 'x' }, ...rest]),
      ),
    /: event_id\.$/,
    REMAKE,
  ],
  TABLE_PARTITION_KEY: [
    (d) => alterTable(d, EVENTS, (input) => ({ ...input, PartitionKeys: [{ Name: 'day', Type: 'string' }] })),
    /got day string, expected ds date/,
    REMAKE,
  ],
  TABLE_LOCATION: [
    (d) => alterTable(d, EVENTS, storage({ Location: 's3://elsewhere/x/' })),
    /got s3:\/\/elsewhere\/x\/, expected s3:\/\/sluice-experiments\/statsig\//,
    REMAKE,
  ],
  TABLE_FORMAT: [
    (d) =>
      alterTable(
        d,
        EVENTS,
        storage({ SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' } }),
      ),
    /SerializationLibrary: got org\.openx/,
    REMAKE,
  ],
  VIEW_MISSING: [
    ({ options }) =>
      new GlueClient(options).send(
        new DeleteTableCommand({ DatabaseName: database, Name: 'product_events' }),
      ),
    /product_events/,
    /^aws glue create-table .*"Name":"product_events"/,
  ],
  VIEW_DIFFERS: [
    async (d) => {
      // Days that are read from the curated table are no difference.
      const { view } = fitCuratedView(config, 'experiment_exposures', {
        exposures: ['2026-01-01'],
        events: [],
      });
      const ViewOriginalText = prestoViewText(view, database);
      await alterTable(d, view.name, (input) => ({ ...input, ViewOriginalText }));
      await alterTable(d, 'product_events', (input) => ({
        ...input,
        ViewOriginalText: '/* Presto View: e30= */',
      }));
    },
    /product_events: it is not an Athena view/,
    /^aws glue update-table .*"Name":"product_events"/,
  ],
  PARTITION_MISSING: [
    (d) => addFile(d, '2026-01-02'),
    /: 2026-01-02\.$/,
    /--queue-name sluice-local-register .*'\{"sluice":"daily"\}'/,
  ],
  PARTITION_EMPTY: [(d) => addPartition(d, '2026-01-03'), /: 2026-01-03\.$/],
  PARTITION_MISPLACED: [
    (d) => addPartition(d, '2026-01-04', { Location: 's3://elsewhere/' }),
    /: 2026-01-04\.$/,
  ],
  PARTITION_STALE: [
    async (d) => {
      await addFile(d, '2026-01-05');
      await addPartition(d, '2026-01-05', { Columns: [{ Name: 'event_id', Type: 'string' }] });
    },
    /: 2026-01-05\.$/,
  ],
  CURATE_FAILED: [
    (d) => addCurated(d, '2026-01-02', { state: 'failed', failure: { code: 'SLUICE_X', message: 'Why.' } }),
    /^curated_events: 2026-01-02 SLUICE_X\.$/,
    /^npx sluice curate status --table events --local --endpoint-url \S+\nnpx sluice curate run --table events --local --endpoint-url \S+$/,
  ],
  CURATE_LATE: [
    (d) =>
      addCurated(d, '2026-01-03', {
        state: 'waiting',
        queued: { fingerprint: 'f', reason: 'new', at: Date.now() - 2 * DAY_MS },
      }),
    /^curated_events: 2026-01-03\.$/,
    /^npx sluice curate run --table events --local --endpoint-url \S+$/,
  ],
  CURATE_UNPLANNED: [
    (d) => addFile(d, '2026-01-02'),
    /^curated_events: 2026-01-05, 2026-01-02\.$/,
    /^npx sluice curate run --table events --local --endpoint-url \S+$/,
  ],
  CURATE_STALE: [
    async (d) => {
      const day = addDays(utcDay(Date.now()), -4);
      await addFile(d, day);
      await addPartition(d, day);
      await addFile(d, day, `${config.statsigFolder}/ingested/curated_events/${day}/v1`);
      await putList(d, 'events', [day, GONE]);
      const { view } = fitCuratedView(config, 'product_events', { exposures: [], events: [day, GONE] });
      const ViewOriginalText = prestoViewText(view, database);
      await alterTable(d, view.name, (input) => ({ ...input, ViewOriginalText }));
    },
    /^curated_events: \d{4}-\d\d-\d\d\.$/,
    /^npx sluice curate run --table events --local --endpoint-url \S+$/,
  ],
  CURATE_GONE: [
    // The list above names the day; its version has no files.
    () => undefined,
    new RegExp(`^curated_events: ${GONE}\\.$`),
    new RegExp(
      `^npx sluice curate rebuild --table events --from ${GONE} --to ${GONE} --local --endpoint-url \\S+$`,
    ),
  ],
  CURATE_LEFT_OUT: [
    (d) =>
      putList(
        d,
        'exposures',
        Array.from({ length: 103 }, (_, i) => addDays('2025-01-01', 2 * i)),
      ),
    /^curated_exposures: 3 days\.$/,
    /^npx sluice curate status --table exposures --local --endpoint-url \S+$/,
  ],
  WORKGROUP_MISSING: [
    ({ options }) =>
      new AthenaClient(options).send(
        new DeleteWorkGroupCommand({ WorkGroup: athena.workgroup, RecursiveDeleteOption: true }),
      ),
    /sluice/,
  ],
  WORKGROUP_DISABLED: [
    (d) => updateWorkgroup(d, { State: 'DISABLED' }),
    /sluice is DISABLED/,
    /^aws athena update-work-group --work-group sluice --state ENABLED /,
  ],
  WORKGROUP_RESULTS: [
    (d) =>
      updateWorkgroup(d, {
        ConfigurationUpdates: { ResultConfigurationUpdates: { OutputLocation: 's3://elsewhere/' } },
      }),
    /got s3:\/\/elsewhere\/, expected s3:\/\/sluice-experiments\/query-results\//,
    /ResultConfigurationUpdates=/,
  ],
  WORKGROUP_ENCRYPTION: [
    (d) =>
      updateWorkgroup(d, {
        ConfigurationUpdates: {
          ResultConfigurationUpdates: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
        },
      }),
    /^sluice: got SSE_S3, expected SSE_KMS arn:aws:kms:/,
    /ResultConfigurationUpdates=\{EncryptionConfiguration=\{EncryptionOption=SSE_KMS,KmsKey=arn:aws:kms:/,
  ],
  WORKGROUP_NOT_ENFORCED: [
    (d) => updateWorkgroup(d, { ConfigurationUpdates: { EnforceWorkGroupConfiguration: false } }),
    /sluice/,
    /EnforceWorkGroupConfiguration=true/,
  ],
  WORKGROUP_NO_CUTOFF: [
    (d) => updateWorkgroup(d, { ConfigurationUpdates: { RemoveBytesScannedCutoffPerQuery: true } }),
    /sluice/,
    /BytesScannedCutoffPerQuery=1000000000000/,
  ],
  STREAM_EXPIRING: [
    // Firehose reports no freshness while delivery is completely blocked.
    ({ metrics, stack }) =>
      metrics.add([
        {
          at: Date.now() - 13.2 * 3_600_000,
          values: [9],
          metric: {
            ...{ namespace: 'AWS/Firehose', name: 'IncomingRecords', unit: 'Count' },
            dimensions: [['DeliveryStreamName', physicalId(stack, 'LandingStream')]],
          },
        },
      ]),
    /^sluice-local-LandingStream-\w+: its oldest record has waited 13\.[23] hours; Firehose drops it in 10\.[78] hours\. At most 9 requests wait\.$/,
    /^aws logs tail \/aws\/kinesisfirehose\/sluice-local-landing --since 1h /,
  ],
  PARKED: [
    (d) => putObject(d, `parked/${overflowKey('events', '1'.repeat(64))}`),
    /^parked\/: 1 object, /,
    /^npx sluice redrive --parked --local --endpoint-url \S+$/,
  ],
  QUARANTINED: [
    (d) => quarantineRows(d, 'SLUICE_EVENT_NAME_MISSING', 3),
    /^3 rows with SLUICE_EVENT_NAME_MISSING\.$/,
    /^npx sluice quarantine --local --endpoint-url \S+\nnpx sluice redrive --reason SLUICE_EVENT_NAME_MISSING --dry-run --local --endpoint-url \S+$/,
  ],
  // One of three rows has a known name, and one is of no layer.
  EXPERIMENTS_UNKNOWN: [
    (d) =>
      putRows(
        d,
        'exposures',
        `SELECT sent AS experiment_id, 'home' AS layer_id, sent AS allocated_experiment, kind AS exposure_type
         FROM (VALUES ('4242424242', 'layer'), ('${djb2('homepage_hero')}', 'layer'), ('17', 'config')) AS rows (sent, kind)`,
      ),
    /^4242424242 of the layer home: 1 row\.$/,
  ],
  FORWARDED_HERE: [
    // A table of Statsig with the name of ours.
    ({ options }) =>
      new GlueClient(options).send(
        new CreateTableCommand({
          DatabaseName: athena.stagingDatabase,
          TableInput: {
            Name: EVENTS,
            StorageDescriptor: {
              Location: `s3://${bucket}/${FOLDER}`,
              Columns: [{ Name: 'x', Type: 'string' }],
            },
          },
        }),
      ),
    new RegExp(`^${athena.stagingDatabase}\\.${EVENTS}: s3://${bucket}/${FOLDER}\\.$`),
  ],
  RELAY_LEFT: [
    (d) => {
      const at = Date.UTC(2026, 10, 20);
      return putObject(d, relayRefusedKey({ reason: '401', at, id: relayId(at, '0'.repeat(24)) }));
    },
    /^relay\/: 1 copy\.$/,
    /^npx sluice relay erase --all --dry-run --local --endpoint-url \S+$/,
  ],
  UNKNOWN_KEYS: [(d) => putObject(d, 'overflow/notes.txt'), /^landing\/: 1\.$/],
  DEAD_LETTERS: [
    (d) =>
      new SQSClient(d.options).send(
        new SendMessageCommand({ QueueUrl: queueUrl(d, logicalIds.deadLetters), MessageBody: 'x' }),
      ),
    /^sluice-local-register-dead-letters: about 1\.$/,
    /^aws sqs start-message-move-task --source-arn arn:aws:sqs:us-east-1:000000000000:sluice-local-register-dead-letters /,
  ],
  QUEUE_MISSING: [
    (d) =>
      d.tell({
        ...d.stack,
        resources: d.stack.resources.map((resource) =>
          resource.logicalId === logicalIds.writeQueue
            ? { ...resource, physicalId: `${resource.physicalId}-gone` }
            : resource,
        ),
      }),
    /^sluice-local-write-gone\.$/,
  ],
};
