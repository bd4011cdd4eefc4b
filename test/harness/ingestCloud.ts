import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import * as z from 'zod';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import { startCloud } from '../../local/startCloud.ts';
import { callMain } from './callMain.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

const clockSchema = z.object({ now: z.string() });

/** The account whose bucket files are dropped into. */
export const CUSTOMER = '111122223333';
export const DROPS = 'acme-drops';

/**
 * A running cloud with sources, whose deployed policies are enforced, and the customer's bucket beside it, in an account of its own and with the policy that
 * is printed for customers. `SLUICE_CONFIG` names its configuration until it is closed.
 */
export async function ingestCloud(input: Partial<ConfigInput>) {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'sluice.config.ts');
  const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  const config = { bucket: 'acme-experiments', ...input };
  writeFileSync(
    file,
    `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(config)});\n`,
  );
  process.env['SLUICE_CONFIG'] = file;
  const data = join(directory.path, 'data');
  const cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data });
  const customer = new S3Client({
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId: CUSTOMER, secretAccessKey: 'test' },
  });
  const env = {
    AWS_ENDPOINT_URL: cloud.edge,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  /**
   * Makes a bucket in another account, with the policy that `sluice policy print` prints for it.
   *
   * @param principal Default: the roles that use the configured source or export; without one, the deployment's account.
   */
  async function letIn(
    account: string,
    bucket: string,
    target: 'ingest-source' | 'export-target',
    principal?: string,
  ): Promise<void> {
    const [option, name] =
      target === 'ingest-source'
        ? ['--source', config.sources?.find((one) => one.bucket === bucket)?.name]
        : ['--export', config.exports?.find((one) => one.target.bucket === bucket)?.name];
    const asked =
      principal === undefined && name !== undefined
        ? [option, name, '--account', localAccount.id]
        : ['--bucket', bucket, '--principal', principal ?? `arn:aws:iam::${localAccount.id}:root`];
    const words = ['policy', 'print', '--for', target, ...asked, '--stage', 'local', '--json'];
    const { stdout: stdin } = await callMain(words, { env });
    const make = ['customer', 'bucket', bucket, '--account', account, '--policy', '-'];
    const made = await callMain(make, { stdin, env });
    if (made.code !== 0) throw new Error(made.stderr);
  }
  await letIn(CUSTOMER, DROPS, 'ingest-source');
  const duckDb = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await duckDb.connect();
  async function moveClock(move: object): Promise<void> {
    const answer = await fetch(`${cloud.edge}/_sluice/clock`, { method: 'POST', body: JSON.stringify(move) });
    if (!answer.ok) throw new Error(await answer.text());
  }
  const put = (Key: string, Body: Uint8Array) =>
    customer.send(new PutObjectCommand({ Bucket: DROPS, Key, Body }));
  return {
    cloud,
    data,
    /** Options of `callMain` with which commands find the cloud. */
    env,
    letIn,
    put,
    /** Drops what a query of DuckDB's answers as a Parquet file. */
    async drop(key: string, sql: string): Promise<void> {
      const path = join(directory.path, 'drop.parquet');
      await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
      await put(key, readFileSync(path));
    },
    remove: (Key: string) => customer.send(new DeleteObjectCommand({ Bucket: DROPS, Key })),
    /** Moves the clock on: what is dropped has settled, and what fell due on the way runs once, now. */
    async jump(ms: number): Promise<void> {
      const { now } = clockSchema.parse(await (await fetch(`${cloud.edge}/_sluice/clock`)).json());
      await moveClock({ now: Date.parse(now) + ms });
    },
    /** To an instant, ISO 8601, likewise. */
    jumpTo: (now: string) => moveClock({ now }),
    async close(): Promise<void> {
      delete process.env['SLUICE_CONFIG'];
      connection.closeSync();
      duckDb.closeSync();
      customer.destroy();
      await cloud.close();
      directory.remove();
    },
  };
}
