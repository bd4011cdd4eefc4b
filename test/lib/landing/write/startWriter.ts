import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { s3ObjectStore } from '../../../../lib/aws/s3ObjectStore.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { encodeRecord, type LandingRow } from '../../../../lib/landing/frames/encodeRecord.ts';
import type { Writer as FunctionWriter } from '../../../../lib/landing/write/attempts.ts';
import type { WriteStore } from '../../../../lib/landing/write/WriteStore.ts';
import { writeStore } from '../../../../lib/landing/write/WriteStore.ts';
import {
  type ObjectWriter,
  type WriteOutcome,
  type WriteTime,
  writeObject,
} from '../../../../lib/landing/write/writeObject.ts';
import { type TableKind, tableKinds } from '../../../../lib/schema/kinds.ts';
import { parseTableKey, tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { ObjectStore, s3Service } from '../../../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

const BUCKET = 'sluice-own';
export const START = Date.parse('2026-11-23T10:00:07Z');
/** How long a claim holds after an attempt began. */
export const CLAIM_MS = 960_000;

/** A row as readers see it. */
export type ReadRow = Readonly<Record<string, unknown>>;
type RowsByTable = Partial<Record<TableKind, readonly LandingRow[]>>;

/** A row of a table, as the collector writes it. */
export function rowOf(table: TableKind, id: string, day: string, more: ReadRow = {}): LandingRow {
  const time = `${day}T09:30:00.123Z`;
  const own = {
    exposures: { event_id: id, experiment_id: `gate_${id.length}`, gate_value: true, timestamp: time },
    events: { event_id: id, event_name: 'page_view', event_value: '1', timestamp: time },
    quarantine: { quarantine_id: id, reason: 'SLUICE_EVENT_NO_NAME', received_at: time, raw: '{"a": 1}' },
  };
  return { day, json: JSON.stringify({ ...own[table], ...more, ds: day }) };
}

/** The record of a request, received at {@link START}. */
export function recordFor(rows: RowsByTable, id = 'a'): Buffer {
  const request = { id: id.padStart(32, '0'), request: null, receivedAt: START, rows };
  return Buffer.from(encodeRecord(request).bytes);
}

/** A writer over a bucket, by a real client over HTTP. */
export async function startWriter() {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const store = ObjectStore.open({ directory: join(directory.path, 's3'), clock });
  const { options, close } = await startServices([s3Service({ store, clock })]);
  const s3 = new S3Client(options);
  const config = defineConfig({ bucket: BUCKET, unitIds: { companyID: 'company_id' } });
  const bucket = writeStore(s3ObjectStore(s3, BUCKET), clock);
  const place = (Key: string) => ({ Bucket: BUCKET, Key });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

  let writers = 0;
  const ofFunction = (more: Partial<FunctionWriter>): FunctionWriter => {
    writers += 1;
    const own = join(directory.path, `writer-${writers}`);
    mkdirSync(own);
    const limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: own };
    const has = { config, store: bucket, clock, limits, directory: own };
    return { ...has, bucket: BUCKET, tries: 10, log: () => undefined, ...more };
  };
  const write = async (
    key: string,
    { writer = {}, time = {} }: { writer?: Partial<ObjectWriter>; time?: Partial<WriteTime> } = {},
  ): Promise<WriteOutcome> => {
    const now = clock.now();
    return writeObject(key, ofFunction(writer), {
      deadline: now + 600_000,
      claimUntil: now + CLAIM_MS,
      ...time,
    });
  };
  const keys = async (prefix = '') => {
    const found: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: s3 },
      { Bucket: BUCKET, Prefix: prefix },
    ))
      for (const { Key = '' } of Contents) found.push(Key);
    return found;
  };
  const bytes = async (key: string) => {
    const { Body } = await s3.send(new GetObjectCommand(place(key)));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  return {
    clock,
    config,
    s3,
    store: bucket,
    /** The same, as the function has it. */
    of: ofFunction,
    write,
    keys,
    bytes,
    put: async (key: string, body: Uint8Array) =>
      void (await s3.send(new PutObjectCommand({ ...place(key), Body: body }))),
    head: (key: string) => s3.send(new HeadObjectCommand(place(key))),
    /** ETag and time of every row file. */
    files: async () => {
      const all = await Promise.all(tableKinds.map((kind) => keys(tableFolder(config, kind))));
      const heads = all.flat().map(async (key) => {
        const { ETag, LastModified } = await s3.send(new HeadObjectCommand(place(key)));
        return [key, ETag, LastModified?.getTime()] as const;
      });
      return Promise.all(heads);
    },
    /** The rows of a table, with the day of their folder as `ds`, in order of their texts; without nulls. */
    rows: async (kind: TableKind): Promise<ReadRow[]> => {
      const read: ReadRow[] = [];
      for (const key of await keys(tableFolder(config, kind))) {
        const parsed = parseTableKey(config, key);
        const path = join(directory.path, `${kind}.parquet`);
        writeFileSync(path, await bytes(key));
        const rows = await parquetRows(path);
        read.push(...rows.map((row) => ({ ...row, ds: 'day' in parsed ? parsed.day : null })));
      }
      return read.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    },
    path: (name: string) => join(directory.path, name),
    close: async () => {
      await close();
      s3.destroy();
      directory.remove();
    },
  };
}

/** A writer and its bucket. */
export type Writer = Awaited<ReturnType<typeof startWriter>>;

/** The rows of a Parquet file, without nulls, in its order. */
export async function parquetRows(path: string): Promise<ReadRow[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT * FROM read_parquet('${path}', hive_partitioning = false)`,
  );
  const rows = reader.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

/** Reports to the test that an attempt was killed. */
export class Killed extends Error {}

/** A store that kills the attempt after one of its calls. From then on nothing reaches the bucket. */
export function killingStore(store: WriteStore, call: number) {
  let calls = 0;
  const scripted = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    if (calls > call) throw new Killed();
    calls += 1;
    const result = await run();
    if (calls > call) throw new Killed();
    return result;
  };
  const killing: WriteStore = {
    claim: async (key, until) => {
      const claim = await scripted(() => store.claim(key, until));
      return claim && { release: () => scripted(() => claim.release()) };
    },
    fetch: (...of) => scripted(() => store.fetch(...of)),
    head: (...of) => scripted(() => store.head(...of)),
    put: (...of) => scripted(() => store.put(...of)),
    remove: (...of) => scripted(() => store.remove(...of)),
    read: (...of) => scripted(() => store.read(...of)),
    replace: (...of) => scripted(() => store.replace(...of)),
    write: (...of) => scripted(() => store.write(...of)),
    discard: (...of) => scripted(() => store.discard(...of)),
    list: (prefix) => store.list(prefix),
  };
  return { store: killing, calls: () => calls };
}
