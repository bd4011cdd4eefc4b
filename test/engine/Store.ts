import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand, GetPartitionsCommand, GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Engine, REGION } from './Engine.ts';
import { BUCKET } from './Stack.ts';

const LOOK_MS = 1_000;

/** A row as DuckDB reads it from files, as texts. */
type Row = Readonly<Record<string, string | null>>;

/** Reads what was stored, by nothing that the product uses but DuckDB. */
export class Store {
  readonly #folder: string;
  readonly #s3: S3Client;
  readonly #glue: GlueClient;

  constructor(engine: Engine, folder: string, account?: string) {
    this.#folder = join(folder, `read-${account ?? 'own'}`);
    this.#s3 = new S3Client(engine.client({ ...(account === undefined ? {} : { account }) }));
    this.#glue = new GlueClient(engine.client());
  }

  async createBucket(bucket: string): Promise<void> {
    const CreateBucketConfiguration = { LocationConstraint: REGION };
    await this.#s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
  }

  async putPolicy(Bucket: string, Policy: string): Promise<void> {
    await this.#s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  }

  async put(bucket: string, key: string, bytes: Uint8Array | string): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
  }

  async keys(bucket: string, prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      );
      keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  }

  async bytes(bucket: string, key: string): Promise<Uint8Array> {
    const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  /** What a query answers of the Parquet files under these keys, which it reads as `rows`. */
  async query(bucket: string, keys: readonly string[], sql: string): Promise<readonly Row[]> {
    const files = keys.filter((key) => key.endsWith('.parquet'));
    if (files.length === 0) return [];
    mkdirSync(this.#folder, { recursive: true });
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    try {
      for (const [i, key] of files.entries())
        writeFileSync(join(this.#folder, `${i}.parquet`), await this.bytes(bucket, key));
      const from = `read_parquet('${this.#folder}/*.parquet', union_by_name = true)`;
      const read = await connection.runAndReadAll(`WITH rows AS (FROM ${from}) ${sql}`);
      return read
        .getRowObjectsJson()
        .map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
          ),
        );
    } finally {
      connection.closeSync();
      instance.closeSync();
      rmSync(this.#folder, { recursive: true });
    }
  }

  /** Keys of the files of a forwarded table, whatever the Statsig folder is. */
  async forwarded(table: 'events' | 'exposures'): Promise<readonly string[]> {
    const keys = await this.keys(BUCKET, '');
    return keys.filter((key) => key.includes(`/statsig_forwarded_${table}/`));
  }

  async createTable(DatabaseName: string, Name: string): Promise<void> {
    await this.#glue.send(new CreateTableCommand({ DatabaseName, TableInput: { Name } }));
  }

  /** Names of a database's tables. */
  async tables(DatabaseName: string): Promise<readonly string[]> {
    const { TableList = [] } = await this.#glue.send(new GetTablesCommand({ DatabaseName }));
    return TableList.map(({ Name = '' }) => Name);
  }

  /** Locations of a table's days in Glue. */
  async partitions(database: string, table: string): Promise<ReadonlyMap<string, string>> {
    const { Partitions = [] } = await this.#glue.send(
      new GetPartitionsCommand({ DatabaseName: database, TableName: table }),
    );
    return new Map(
      Partitions.map(({ Values: [day = ''] = [], StorageDescriptor }) => [
        day,
        StorageDescriptor?.Location ?? '',
      ]),
    );
  }
}

/** Waits until a look finds what it looks for; what it finds last is answered. */
export async function until<Found>(
  look: () => Promise<Found>,
  isFound: (found: Found) => boolean,
  timeoutMs: number,
): Promise<Found> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (isFound(found) || Date.now() > deadline) return found;
    await setTimeout(LOOK_MS);
  }
}
