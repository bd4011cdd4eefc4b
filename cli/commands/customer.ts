import type { S3Client } from '@aws-sdk/client-s3';
import { visibleLine } from '../../lib/base/text.ts';
import { bucketName } from '../../lib/schema/formats.ts';
import {
  type Action,
  assertNoArguments,
  type Command,
  type CommandLine,
  daysOption,
  runAction,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

/** The customer's account in the docs. */
const ACCOUNT = '111122223333';
/** Maximum days of one drop. */
const MOST_DAYS = 400;
const OBJECT = /^s3:\/\/([^/]+)\/(.+)$/;
const PREFIX = /^s3:\/\/([^/]+)\/?(.*)$/;

const ACTIONS: Readonly<Record<string, Action>> = {
  bucket: {
    summary: 'Create a bucket in another account.',
    options: ['policy'],
    takesArguments: true,
    run: bucket,
  },
  drop: {
    summary: 'Put a file, or the result of a query, into a bucket.',
    options: ['file', 'from', 'to', 'user'],
    takesArguments: true,
    run: drop,
  },
  remove: { summary: 'Delete an object.', options: ['user'], takesArguments: true, run: remove },
  list: { summary: 'List the objects below a prefix.', options: ['user'], takesArguments: true, run: list },
};

/** `sluice customer`: acts as a customer in the local cloud, without the AWS CLI. */
export const customer: Command = {
  name: 'customer',
  summary: 'Act as a customer in the local cloud: create a bucket in another account, and files in it.',
  usage: 'sluice customer bucket NAME | drop s3://… "<sql>" | remove s3://… | list s3://… [options]',
  options: {
    policy: {
      type: 'string',
      help: 'bucket: file with its policy, or - for stdin: the output of `sluice policy print --json`',
    },
    file: { type: 'string', help: 'drop: a file instead of the result of a DuckDB query' },
    from: {
      type: 'string',
      help: 'drop: first day, YYYY-MM-DD; one file per day, with {day} replaced in key and SQL',
    },
    to: { type: 'string', help: 'drop: last day (default: the first)' },
    account: { type: 'string', help: `account of the customer (default ${ACCOUNT})` },
    user: {
      type: 'string',
      help: "drop, remove, list: ARN of a user of another account to act as, e.g. Statsig's (default: the root of --account)",
    },
    'endpoint-url': {
      type: 'string',
      help: 'endpoint of the local cloud (default: as `npm start` prints it)',
    },
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice policy print --for ingest-source --bucket acme-drops --principal arn:aws:iam::000000000000:root --json | sluice customer bucket acme-drops --policy -',
    "sluice customer drop s3://acme-drops/events/2026-11-19/a.parquet \"SELECT now() AS timestamp, 'seen' AS event_name, 'u1' AS unit_id\"",
    'sluice customer drop s3://acme-drops/events/{day}/a.parquet --from 2026-11-16 --to 2026-11-20 "SELECT TIMESTAMP \'{day} 10:00\' AS timestamp, …"',
    'sluice customer list s3://acme-drops/events/',
    'sluice customer list s3://acme-statsig/events/ --user arn:aws:iam::999689269917:user/acme-4f2a',
  ],
  actions: ACTIONS,
  run: (line) => runAction(line, ACTIONS),
};

async function bucket(line: CommandLine, names: readonly string[]): Promise<number> {
  const [Bucket, ...more] = names;
  if (Bucket === undefined || more.length > 0 || Bucket.includes('/'))
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', "Expected the bucket's name.");
  const [wrong] = bucketName().safeParse(Bucket).error?.issues ?? [];
  if (wrong !== undefined)
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', `Got ${Bucket}, expected ${wrong.message}.`);
  const from = textOption(line, 'policy');
  const { readBucketPolicy } = await import('./customerAccount.ts');
  const Policy = from === undefined ? undefined : await readBucketPolicy(from);
  const { CreateBucketCommand, PutBucketPolicyCommand } = await import('@aws-sdk/client-s3');
  await asCustomer(line, async (s3) => {
    await s3.send(new CreateBucketCommand({ Bucket }));
    if (Policy !== undefined) await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  });
  const account = readAccount(line);
  writeResult(line, { bucket: Bucket, account, hasPolicy: Policy !== undefined }, () => '');
  writeNote(
    `Created s3://${Bucket}/ in account ${account}${Policy === undefined ? '' : ', with the policy'}.\n`,
  );
  return 0;
}

async function drop(line: CommandLine, [url = '', sql, ...more]: readonly string[]): Promise<number> {
  parseObjectUrl(url);
  const file = textOption(line, 'file');
  if (more.length > 0 || (sql === undefined) === (file === undefined))
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected one SQL text in quotes, or --file.');
  const days = daysOption(line, MOST_DAYS);
  if (days !== undefined && !url.includes('{day}'))
    throw new UsageError(
      'SLUICE_USAGE_ARGUMENTS',
      'Expected {day} in the key; without it, all days are one object.',
    );
  if (days === undefined && `${url} ${sql}`.includes('{day}'))
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      '{day} without --from: expected the days to replace it with.',
    );
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const dropped: { readonly key: string; readonly bytes: number }[] = [];
  for (const day of days ?? [undefined]) {
    const of = (text: string) => (day === undefined ? text : text.replaceAll('{day}', day));
    const Body = file === undefined ? await makeParquet(of(sql ?? '')) : await readFileBytes(file);
    await asCustomer(line, (s3) => s3.send(new PutObjectCommand({ ...parseObjectUrl(of(url)), Body })));
    dropped.push({ key: parseObjectUrl(of(url)).Key, bytes: Body.length });
    writeNote(`${visibleLine(of(url))}: ${Body.length} bytes.\n`);
  }
  writeResult(line, { objects: dropped }, () => '');
  return 0;
}

async function remove(line: CommandLine, [url = '', ...more]: readonly string[]): Promise<number> {
  const { Bucket, Key } = parseObjectUrl(url);
  assertNoArguments(more);
  const [{ DeleteObjectCommand, ListObjectsV2Command }, { CustomerError }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('./customerAccount.ts'),
  ]);
  await asCustomer(line, async (s3) => {
    // S3 reports success for a missing object, which would hide a typing error. A HEAD would not say why it failed.
    const { Contents: [first] = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }),
    );
    if (first?.Key !== Key) throw new CustomerError('SLUICE_CUSTOMER_OBJECT_MISSING', `${url}.`);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  });
  writeResult(line, { deleted: { key: Key } }, () => '');
  writeNote(`${visibleLine(url)}: deleted.\n`);
  return 0;
}

async function list(line: CommandLine, [url = '', ...more]: readonly string[]): Promise<number> {
  const [, Bucket, Prefix = ''] = PREFIX.exec(url) ?? [];
  if (Bucket === undefined || more.length > 0)
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected s3://<bucket>/<prefix>.');
  const { paginateListObjectsV2 } = await import('@aws-sdk/client-s3');
  const rows = await asCustomer(line, async (client) => {
    const found: Readonly<Record<string, unknown>>[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
      for (const { Key, Size, LastModified } of Contents)
        found.push({ key: Key, bytes: Size, at: LastModified?.toISOString() });
    }
    return found;
  });
  writeResult(line, { objects: rows }, () => textTable(rows));
  return 0;
}

/** Imported here so that `--help` does not load AWS clients. */
async function asCustomer<Result>(
  line: CommandLine,
  work: (s3: S3Client) => Promise<Result>,
): Promise<Result> {
  const { withCustomerS3 } = await import('./customerAccount.ts');
  const [endpoint, user] = [textOption(line, 'endpoint-url'), textOption(line, 'user')];
  return withCustomerS3({ account: readAccount(line), user, endpoint }, work);
}

async function makeParquet(sql: string): Promise<Uint8Array> {
  const { parquetFromQuery } = await import('./customerAccount.ts');
  return parquetFromQuery(sql);
}

async function readFileBytes(path: string): Promise<Uint8Array> {
  const [{ readFile }, { CustomerError }] = await Promise.all([
    import('node:fs/promises'),
    import('./customerAccount.ts'),
  ]);
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? `: ${error.code}` : '';
    throw new CustomerError('SLUICE_CUSTOMER_FILE_UNREADABLE', `${path}${code}.`, { cause: error });
  }
}

function parseObjectUrl(url: string): { readonly Bucket: string; readonly Key: string } {
  const [, Bucket, Key] = OBJECT.exec(url) ?? [];
  if (Bucket === undefined || Key === undefined)
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected s3://<bucket>/<key>.');
  return { Bucket, Key };
}

function readAccount(line: CommandLine): string {
  const account = textOption(line, 'account') ?? ACCOUNT;
  if (!/^\d{12}$/.test(account))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--account: got ${account}, expected 12 digits.`);
  return account;
}
