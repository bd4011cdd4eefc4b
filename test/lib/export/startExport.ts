import { createCipheriv, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { CreatePartitionCommand, GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { exportTargetPolicies } from '../../../lib/access/buckets/customerBucketPolicies.ts';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { landedTable } from '../../../lib/aws/landedTable.ts';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { DayExporter } from '../../../lib/export/exportDay.ts';
import type { Exporter } from '../../../lib/export/exportMessages.ts';
import type { TableFiles } from '../../../lib/export/LandedTable.ts';
import { exportLooks } from '../../../lib/export/planExports.ts';
import { manifestSchema } from '../../../lib/export/TargetBucket.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore, listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import { MARK_BYTES, PARQUET_MARK } from '../../../lib/parquet/format/parquetFooter.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { ManualClock, realClock } from '../../../packages/local-aws/src/base/index.ts';
import { startEdge } from '../../../packages/local-aws/src/edge/index.ts';
import { Faults } from '../../../packages/local-aws/src/faults/index.ts';
import { Catalog, glueService } from '../../../packages/local-aws/src/glue/index.ts';
import { AccessKeys, createCallerLookup, Roles } from '../../../packages/local-aws/src/iam/index.ts';
import { Keys, keyAccess } from '../../../packages/local-aws/src/kms/index.ts';
import { ObjectStore, s3Service } from '../../../packages/local-aws/src/s3/index.ts';
import { emulatedBucket } from '../../harness/emulatedBucket.ts';
import { ensureTables } from '../../harness/startAws.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

export const OURS = '000000000000';
export const THEIRS = '111122223333';
const ROLE = `arn:aws:iam::${OURS}:role/export`;
export const TARGET = 'acme-warehouse';
export const DAY = '2026-11-19';
const BUCKET = 'sluice-data';
const TABLE = 'statsig_forwarded_events';

/** What differs from the usual ports of an export. `exported` is the export whose target is written to. */
export type ExporterOptions = Partial<DayExporter> & { readonly exported?: Export };

/** Bytes without a pattern between the marks of Parquet, the same for the same size. */
export function bytesOfSize(size: number): Buffer {
  const key = Buffer.alloc(16, `${size}`);
  const bytes = createCipheriv('aes-128-ctr', key, key).update(Buffer.alloc(size));
  bytes.write(PARQUET_MARK, 0);
  bytes.write(PARQUET_MARK, size - MARK_BYTES);
  return bytes;
}

/** The end of a file whose contents are a text: the length of the footer, and the mark. */
const END = `\0\0\0\0${PARQUET_MARK}`;

/** A file with a text between the marks of Parquet. An empty one stays empty. */
const marked = (text: string) => (text === '' ? '' : `${PARQUET_MARK}${text}${END}`);

/** The text of a file, or the file if it has none. */
const unmarked = (file: string) =>
  file.startsWith(PARQUET_MARK) && file.endsWith(END) ? file.slice(MARK_BYTES, -END.length) : file;

/**
 * Two accounts on one edge: ours with a table in Glue and its files, the customer's with a bucket that has the policy
 * of Statsig's document; the export signs as a role that has the policy of the deployed one.
 */
export async function startExport() {
  const directory = temporaryDirectory();
  const clock = new ManualClock(Date.UTC(2026, 10, 20, 12));
  const faults = new Faults();
  const store = ObjectStore.open({ directory: `${directory.path}/s3`, clock });
  const glue = Catalog.open({ directory: `${directory.path}/glue`, clock });
  const keys = new Keys({ clock, partition: 'aws', region: 'us-east-1', account: OURS });
  const roles = new Roles();
  const principals = new AccessKeys(
    {
      arn: `arn:aws:iam::${OURS}:root`,
      accessKeyId: 'test',
      secretAccessKey: 'test',
    },
    'test',
  );
  const asks = createCallerLookup({ arnOf: (id) => principals.arnOf(id), roles, account: OURS });
  const edge = await startEdge({
    services: [
      s3Service({ store, callerOf: asks, keyAccess: keyAccess(keys) }),
      glueService({ catalog: glue, clock, account: OURS, faults }),
    ],
    clock: realClock,
    credentials: principals.secrets,
    faults,
  });
  const policies = (bucket: string, keyArn?: string) =>
    exportTargetPolicies({ partition: 'aws', bucket, principal: ROLE, keyArn });
  const { callerPolicy } = policies(TARGET);
  roles.deploy([{ arn: ROLE, account: OURS, trust: undefined, policies: [callerPolicy] }]);
  store.createBucket(BUCKET);
  const own = emulatedBucket(store, BUCKET, faults);
  store.createBucket(TARGET, { account: THEIRS });
  const openTarget = () => {
    store.bucket(TARGET).settings = { policy: JSON.stringify(policies(TARGET).bucketPolicy) };
  };
  openTarget();
  ensureTables(glue, { bucket: BUCKET, database: 'sluice' }, [{ name: TABLE, folder: 'events' }]);

  const options = { endpoint: edge.url, region: 'us-east-1', maxAttempts: 1 };
  const credentials = principals.issue(ROLE);
  const s3 = new S3Client({ ...options, credentials });
  const glueClient = new GlueClient({ ...options, credentials });
  const ledger = new Ledger({
    store: ledgerStore(own),
    clock,
    newToken: randomUUID,
    wait: async () => undefined,
    random: () => 0,
  });
  /** Retry options of one invocation; it doesn't wait between attempts. */
  const attempts = () => ({
    clock,
    wait: async () => undefined,
    random: () => 0,
    deadline: clock.now() + 14 * MINUTE_MS,
  });
  const tableWith = (tableFiles: TableFiles = { kind: 'versions' }, table = TABLE, isKms = false) =>
    landedTable(
      { glue: glueClient, s3 },
      { database: 'sluice', table, bucket: BUCKET, tableFiles, isKms },
      { ...attempts(), deadline: Number.POSITIVE_INFINITY },
    );
  const table = tableWith();

  /** An export that is configured so. */
  function configured(target: Partial<Export['target']> = {}): Export {
    const [made] = defineConfig({
      bucket: BUCKET,
      exports: [
        {
          name: 'events',
          table: TABLE,
          lookbackDays: 3,
          target: { bucket: TARGET, owner: THEIRS, ...target },
        },
      ],
    }).exports;
    if (made === undefined) throw new Error('no export');
    return made;
  }

  return {
    clock,
    store,
    glue,
    glueClient,
    keys,
    roles,
    ledger,
    looks: exportLooks(own),
    entriesOf: listedEntries(own),
    table,
    policies,
    openTarget,
    configured,
    s3,
    attempts,
    faults,
    tableWith,
    /** Options of one invocation's export. */
    exporter: (more: ExporterOptions = {}): DayExporter => {
      const { exported = configured(), ...rest } = more;
      return {
        ledger,
        clock,
        table,
        owner: randomUUID(),
        log: () => undefined,
        target: exportBucketFrom(s3, exported.target, attempts()),
        deadline: clock.now() + 13 * MINUTE_MS,
        leaseUntil: clock.now() + 16 * MINUTE_MS,
        ...rest,
      };
    },
    /** An exporter of messages, with the usual ports but for these. */
    messageExporter(more: Pick<Exporter, 'tasks' | 'log'> & Partial<Exporter>): Exporter {
      const { deadline, leaseUntil, target } = this.exporter();
      return {
        exports: [configured()],
        ledger,
        looks: this.looks,
        entriesOf: this.entriesOf,
        clock,
        stage: 'test',
        deadline,
        leaseUntil,
        tableOf: () => table,
        targetOf: () => target,
        newOwner: () => 'one',
        ...more,
      };
    },
    /** Gives a day a partition. */
    register: (day: string) =>
      glueClient.send(
        new CreatePartitionCommand({
          DatabaseName: 'sluice',
          TableName: TABLE,
          PartitionInput: {
            Values: [day],
            StorageDescriptor: { Location: `s3://${BUCKET}/events/${day}/` },
          },
        }),
      ),
    /** Writes a file of the table. @param body Its bytes, or a text that is put between the marks of Parquet. */
    put: (name: string, body: string | Uint8Array, day = DAY) =>
      store.put(BUCKET, `events/${day}/${name}`, typeof body === 'string' ? marked(body) : body),
    remove: (name: string, day = DAY) => store.delete(BUCKET, `events/${day}/${name}`),
    /** Contents of the customer's day folder, by name; of files that {@link put} made of a text, the text. */
    async exported(day = DAY): Promise<Map<string, string>> {
      const found = new Map<string, string>();
      const { entries } = store.list(TARGET, { prefix: `events/${day}/`, limit: 1_000 });
      for (const entry of entries) {
        if (!('object' in entry)) continue;
        const { key } = entry.object;
        const bytes = await buffer(store.get(TARGET, key).body);
        found.set(key.slice(`events/${day}/`.length), unmarked(bytes.toString('latin1')));
      }
      return found;
    },
    manifest: (files: ReadonlyMap<string, string>) =>
      manifestSchema.parse(JSON.parse(files.get('_manifest.json') ?? '{}')),
    async close() {
      s3.destroy();
      glueClient.destroy();
      await edge.close();
      store.close();
      directory.remove();
    },
  };
}

export type ExportWorld = Awaited<ReturnType<typeof startExport>>;
