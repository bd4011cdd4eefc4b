import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ingestSourcePolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { quoteText } from '../../lib/base/sql.ts';
import { localAccount } from '../../local/localAccount.ts';

/** A customer with an AWS account of their own, whose credentials write to their buckets. */
export class Customer {
  /** The account of the customer: twelve digits. */
  readonly account: string;
  readonly #s3: S3Client;
  readonly #duckDb: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'));

  private constructor(account: string, s3: S3Client, duckDb: DuckDBInstance, connection: DuckDBConnection) {
    this.account = account;
    this.#s3 = s3;
    this.#duckDb = duckDb;
    this.#connection = connection;
  }

  /** Opens the clients of a customer. @param account Its 12 digits, which are also its access key in the local cloud. */
  static async open(endpoint: string, account: string): Promise<Customer> {
    const credentials = { accessKeyId: account, secretAccessKey: localAccount.secretAccessKey };
    const duckDb = await DuckDBInstance.create(':memory:', { threads: '1' });
    const s3 = new S3Client({ endpoint, region: localAccount.region, credentials });
    return new Customer(account, s3, duckDb, await duckDb.connect());
  }

  /**
   * Creates a bucket with the policy of customers, which allows Sluice to read.
   *
   * @param principal The ARN of a role of Sluice, or of its account.
   */
  async makeBucket(bucket: string, principal: string): Promise<void> {
    const grant = { partition: 'aws', region: localAccount.region, bucket, principal };
    await this.#s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const Policy = JSON.stringify(ingestSourcePolicies(grant).bucketPolicy);
    await this.#s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  }

  /** Writes the result of a DuckDB query as a Parquet file. It replaces the object of the key. */
  async drop(bucket: string, key: string, sql: string): Promise<void> {
    const path = join(this.#folder, 'drop.parquet');
    await this.#connection.run(`COPY (${sql}) TO ${quoteText(path)} (FORMAT parquet)`);
    await this.#s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: readFileSync(path) }));
  }

  /** Closes the clients, and removes the folder. */
  close(): void {
    this.#s3.destroy();
    this.#connection.closeSync();
    this.#duckDb.closeSync();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
