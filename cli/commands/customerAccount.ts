import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { parseJson } from '../../lib/base/json.ts';
import { quoteText } from '../../lib/base/sql.ts';
import { localAccount } from '../../local/localAccount.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { namedTarget } from '../aws/target.ts';

/** Errors of `sluice customer`. */
export const CustomerError = defineErrorFamily('user', {
  SLUICE_CUSTOMER_REFUSED: {
    cause: 'S3 returned an error.',
    cure: 'Read the detail. Does the bucket exist (`sluice customer bucket`), and does it belong to this --account?',
  },
  SLUICE_CUSTOMER_OBJECT_MISSING: {
    cause: 'The object does not exist.',
    cure: 'Compare the key with the output of `sluice customer list`.',
  },
  SLUICE_CUSTOMER_FILE_UNREADABLE: {
    cause: 'The file cannot be read.',
    cure: 'Use the path of a file, from the current folder, for --file or --policy.',
  },
  SLUICE_CUSTOMER_POLICY_INVALID: {
    cause: 'The text is not a bucket policy.',
    cure: 'Pass the output of `sluice policy print --json` to --policy, or the policy alone: JSON with a `Statement`.',
  },
  SLUICE_CUSTOMER_SQL_FAILED: {
    cause: 'DuckDB could not write the file.',
    cure: 'Read the message of DuckDB. The text must be one SELECT without a semicolon.',
  },
});

/**
 * Runs work as the root user of another account of the local cloud, which signs with the account's number: docs/local.md,
 * "Accounts". Or as a user of another account, with the keys that the cloud issues.
 *
 * @param account 12 digits.
 * @param user ARN. Default: the account's root.
 * @param endpoint Default: that of AWS tools, else that of `npm start`.
 * @throws CustomerError SLUICE_CUSTOMER_REFUSED; AwsAccessError; UsageError when the endpoint is not on this machine.
 */
export async function withCustomerS3<Result>(
  {
    account,
    user,
    endpoint,
  }: {
    readonly account: string;
    readonly user?: string | undefined;
    readonly endpoint: string | undefined;
  },
  work: (s3: S3Client) => Promise<Result>,
): Promise<Result> {
  const { aws } = namedTarget({ local: true, endpoint, stage: undefined, region: undefined });
  const { region, secretAccessKey } = localAccount;
  const credentials =
    user === undefined ? { accessKeyId: account, secretAccessKey } : await keysOf(user, String(aws.endpoint));
  const s3 = new S3Client({ ...aws, region, credentials });
  try {
    return await work(s3);
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    throw new CustomerError('SLUICE_CUSTOMER_REFUSED', problem.detail, { cause: error });
  } finally {
    s3.destroy();
  }
}

const issued = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

/** Keys of a user, from the local cloud. @throws CustomerError SLUICE_CUSTOMER_REFUSED */
async function keysOf(user: string, endpoint: string): Promise<z.output<typeof issued>> {
  try {
    const answer = await fetch(`${endpoint}/_sluice/credentials`, {
      method: 'POST',
      body: JSON.stringify({ principal: user }),
    });
    const body = await answer.text();
    if (!answer.ok) throw new CustomerError('SLUICE_CUSTOMER_REFUSED', body);
    return issued.parse(JSON.parse(body));
  } catch (error) {
    if (error instanceof CustomerError) throw error;
    throw new CustomerError('SLUICE_CUSTOMER_REFUSED', `${endpoint} does not answer.`, { cause: error });
  }
}

const policy = z.looseObject({ Statement: z.array(z.unknown()) });
/** The output of `sluice policy print --json` also has policies for others. */
const printed = z.looseObject({ bucketPolicy: policy });

/**
 * Reads a bucket policy.
 *
 * @param from A path; `-` for stdin.
 * @returns its JSON.
 * @throws CustomerError SLUICE_CUSTOMER_FILE_UNREADABLE, SLUICE_CUSTOMER_POLICY_INVALID.
 */
export async function readBucketPolicy(from: string): Promise<string> {
  const json = parseJson(from === '-' ? await text(process.stdin) : await fileText(from));
  const among = printed.safeParse(json);
  const alone = policy.safeParse(among.success ? among.data.bucketPolicy : json);
  if (!alone.success) throw new CustomerError('SLUICE_CUSTOMER_POLICY_INVALID', `${from}.`);
  return JSON.stringify(alone.data);
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? `: ${error.code}` : '';
    throw new CustomerError('SLUICE_CUSTOMER_FILE_UNREADABLE', `${path}${code}.`, { cause: error });
  }
}

/** The bytes of a Parquet file with the rows of a DuckDB query. @throws CustomerError SLUICE_CUSTOMER_SQL_FAILED. */
export async function parquetFromQuery(sql: string): Promise<Uint8Array> {
  // Imported here: other actions of the command do not need DuckDB.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-customer-'));
  const path = join(folder, 'drop.parquet');
  try {
    const instance = await DuckDBInstance.create(':memory:', { temp_directory: folder });
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      // Prepared alone first: then DuckDB's message quotes the user's text, with the position of the error.
      (await connection.prepare(sql).catch(refuse)).destroySync();
      await connection.run(`COPY (${sql}) TO ${quoteText(path)} (FORMAT parquet)`).catch(refuseUnquoted);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refuse(error: unknown, message = error instanceof Error ? error.message : ''): never {
  throw new CustomerError('SLUICE_CUSTOMER_SQL_FAILED', message, { cause: error });
}

/** Without the line that DuckDB quotes, which belongs to the surrounding COPY statement. */
function refuseUnquoted(error: unknown): never {
  return refuse(error, error instanceof Error ? error.message.replace(/\s*^LINE \d+: [\s\S]*/m, '') : '');
}
