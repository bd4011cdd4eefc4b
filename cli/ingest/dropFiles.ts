import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3 } from '@aws-sdk/client-s3';
import { ingestSourcePolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { dropDayFolder } from '../../lib/drops/datasetFolder.ts';
import { parseLayout } from '../../lib/schema/fields/layout.ts';
import { type Dataset, receiptFolder, type Source } from '../../lib/schema/sources.ts';
import { localAccount } from '../../local/localAccount.ts';
import { ifThere } from '../../observe/ifThere.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';

/** Errors of `sluice ingest drop`. */
export const DropFileError = defineErrorFamily('user', {
  SLUICE_DROP_SQL_FAILED: {
    cause: 'DuckDB could not write the file.',
    cure: 'Read the message of DuckDB. The text must be one SELECT without a semicolon.',
  },
});

/** The key of a file of a day, as the customer would name it. */
export function dropKey({ folder, dayFormat, layout }: Dataset, day: UtcDay, name: string): string {
  const parsed = layout === undefined ? null : parseLayout(layout);
  return parsed !== null && 'layout' in parsed
    ? `${folder}/${parsed.layout.exampleOf(day)}`
    : `${folder}/${dropDayFolder(day, dayFormat)}/${name}`;
}

/**
 * Does work as the owner of a source's bucket in the local cloud. A bucket that does not exist yet is made, with the policy
 * that is printed for the customer.
 *
 * @throws What S3's client throws.
 */
export async function asCustomer(
  { aws }: ConfiguredTarget,
  source: Source,
  work: (s3: S3) => Promise<void>,
): Promise<void> {
  const { bucket, owner } = source;
  const { region, secretAccessKey, id } = localAccount;
  const credentials = { accessKeyId: owner ?? id, secretAccessKey };
  const s3 = new S3({ ...aws, region, credentials, forcePathStyle: true });
  try {
    if ((await ifThere(s3.headBucket({ Bucket: bucket }))) === undefined) {
      // The whole account, as people who look at files in the local cloud are not one of the roles.
      const principal = `arn:aws:iam::${id}:root`;
      const { bucketPolicy } = ingestSourcePolicies({
        partition: 'aws',
        bucket,
        principal,
        receiptFolder: receiptFolder(source) ?? undefined,
      });
      await s3.createBucket({ Bucket: bucket });
      await s3.putBucketPolicy({ Bucket: bucket, Policy: JSON.stringify(bucketPolicy) });
    }
    await work(s3);
  } finally {
    s3.destroy();
  }
}

/** The bytes of a Parquet file with the rows of a DuckDB query. @throws DropFileError SLUICE_DROP_SQL_FAILED. */
export async function parquetFromQuery(sql: string): Promise<Uint8Array> {
  // Imported here: a file needs no DuckDB.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-drop-'));
  const path = join(folder, 'drop.parquet');
  const refuse = (error: unknown) => {
    const message = error instanceof Error ? error.message : '';
    throw new DropFileError('SLUICE_DROP_SQL_FAILED', message, { cause: error });
  };
  try {
    const instance = await DuckDBInstance.create(':memory:', { temp_directory: folder });
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      await connection.run(`COPY (${sql}) TO ${quoteText(path)} (FORMAT parquet)`).catch(refuse);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
