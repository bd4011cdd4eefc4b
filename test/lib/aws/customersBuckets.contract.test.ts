import { createServer, type IncomingHttpHeaders } from 'node:http';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { assumedRoleCredentials } from '../../../lib/aws/assumedRole.ts';
import { customerBucket, customerBucketFrom } from '../../../lib/aws/customerBucket.ts';
import { customerReceipts } from '../../../lib/aws/customerReceipts.ts';
import { exportBucket, exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { landedTable } from '../../../lib/aws/landedTable.ts';
import { PART_BYTES } from '../../../lib/aws/multipartUpload.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { leftOutReason } from '../../../lib/drops/leftOut.ts';
import {
  MOST_FILE_PAGES,
  MOST_PARTITION_PAGES,
  MOST_TARGET_PAGES,
  MOST_UPLOAD_PAGES,
} from '../../../lib/export/limits.ts';
import type { Attempts } from '../../../lib/landing/catalog/catalogCalls.ts';
import { acmeSource, exportTo } from '../../harness/configInput.ts';
import { listen } from '../../harness/listen.ts';
import { startSts } from '../../harness/startSts.ts';

const OWNER = '111122223333';
const HEADER = 'x-amz-server-side-encryption';
const attempts: Attempts = {
  clock: { now: () => 0 },
  wait: async () => undefined,
  random: () => 0,
  deadline: 1_000,
};
/** Answers a request: status and body. */
let answer: (method: string, url: string) => readonly [number, string];
/** Headers of each answer. */
let answered: Readonly<Record<string, string>>;
/** How many calls there were. */
let calls: number;
/** Headers of the last call. */
let asked: IncomingHttpHeaders;
/** Address of the last GET. */
let got: string;
const server = createServer((request, response) => {
  calls += 1;
  asked = request.headers;
  if (request.method === 'GET') got = request.url ?? '';
  request.resume().on('end', () => {
    const [status, body] = answer(request.method ?? '', request.url ?? '');
    response.writeHead(status, answered).end(body);
  });
});

const options = {
  endpoint: await listen(server),
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
};
const environment = {
  AWS_ENDPOINT_URL_S3: options.endpoint,
  AWS_REGION: options.region,
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
};
const s3 = new S3Client({ ...options, forcePathStyle: true });
const glue = new GlueClient(options);
beforeEach(() => {
  answer = () => [200, ''];
  answered = {};
  calls = 0;
  asked = {};
  got = '';
});
afterAll(async () => {
  for (const client of [s3, glue]) client.destroy();
  await new Promise((done) => server.close(done));
});

const target = (more: Partial<Attempts> = {}) =>
  exportBucketFrom(s3, { bucket: 'theirs', owner: OWNER }, { ...attempts, ...more });
const source = () => customerBucketFrom(s3, { name: 'acme', bucket: 'theirs', owner: OWNER });
const table = (more: Partial<Attempts> = {}) =>
  landedTable(
    { glue, s3 },
    { database: 'd', table: 't', bucket: 'ours', tableFiles: { kind: 'versions' } },
    { ...attempts, ...more },
  );

describe('an error of a customer’s bucket', () => {
  it.each([
    { code: 'AccessDenied', status: 403, detail: 'ACCESS_DENIED' },
    { code: 'AllAccessDisabled', status: 403, detail: 'ACCESS_DENIED' },
    { code: 'InvalidAccessKeyId', status: 403, detail: 'ACCESS_DENIED' },
    { code: 'SignatureDoesNotMatch', status: 403, detail: 'ACCESS_DENIED' },
    { code: 'KMS.DisabledException', status: 400, detail: 'KEY_DENIED' },
    { code: 'KMS.NotFoundException', status: 400, detail: 'KEY_DENIED' },
    { code: 'KMS.KMSInvalidStateException', status: 400, detail: 'KEY_DENIED' },
    { code: 'NoSuchBucket', status: 404, detail: 'BUCKET_MISSING' },
    { code: 'PermanentRedirect', status: 301, detail: 'REGION_WRONG' },
    { code: 'TemporaryRedirect', status: 307, detail: 'REGION_WRONG' },
    { code: 'IllegalLocationConstraintException', status: 400, detail: 'REGION_WRONG' },
    { code: 'SomethingNew', status: 301, detail: 'REGION_WRONG' },
    { code: 'AuthorizationHeaderMalformed', status: 400, detail: 'REGION_WRONG' },
    { code: 'InvalidObjectState', status: 403, detail: 'OBJECT_ARCHIVED' },
    { code: 'SlowDown', status: 503, detail: 'UNAVAILABLE' },
  ])('is the same for ingest and export with $code ($status)', async ({ code, status, detail }) => {
    answer = () => [status, `<Error><Code>${code}</Code><Message>So it is.</Message></Error>`];
    const read = { code: `SLUICE_SOURCE_${detail}`, message: expect.stringContaining(code) };
    await expect(source().list({ prefix: '' })).rejects.toMatchObject(read);
    const isOfSources = ['UNAVAILABLE', 'OBJECT_ARCHIVED'].includes(detail);
    const exported = isOfSources ? 'TARGET_UNAVAILABLE' : detail;
    const written = { code: `SLUICE_EXPORT_${exported}`, message: expect.stringContaining(code) };
    await expect(target().list('')).rejects.toMatchObject(written);
  });

  it.each(['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'])(
    'is of the key, if S3 is denied %s',
    async (action) => {
      const message = `User: r is not authorized to perform: ${action} on this resource`;
      answer = () => [403, `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`];
      await expect(source().list({ prefix: '' })).rejects.toMatchObject({ code: 'SLUICE_SOURCE_KEY_DENIED' });
      await expect(target().list('')).rejects.toMatchObject({ code: 'SLUICE_EXPORT_KEY_DENIED' });
    },
  );

  it('names the region of the bucket where S3 does', async () => {
    answer = () => [301, '<Error><Code>PermanentRedirect</Code></Error>'];
    answered = { 'x-amz-bucket-region': 'eu-west-3' };
    const message = expect.stringContaining('eu-west-3');
    await expect(source().list({ prefix: '' })).rejects.toMatchObject({ message });
  });

  const denied = [403, '<Error><Code>AccessDenied</Code></Error>'] as const;
  const busy = [503, '<Error><Code>SlowDown</Code></Error>'] as const;
  const letIn = [200, '<ListBucketResult/>'] as const;
  it.each([
    {
      title: 'another owner, if the same listing without one is let in',
      listings: [denied, letIn],
      detail: 'OWNER_DIFFERS',
    },
    {
      title: 'a denial, if that listing is denied, too',
      listings: [denied, denied],
      detail: 'ACCESS_DENIED',
    },
    {
      title: 'a denial, if that listing is refused for a reason that passes',
      listings: [denied, busy],
      detail: 'ACCESS_DENIED',
    },
    {
      title: 'a denial, if the listing with the owner is refused for a reason that passes',
      listings: [busy],
      detail: 'ACCESS_DENIED',
    },
  ])('is of $title', async ({ listings, detail }) => {
    for (const { read, family } of [
      { read: () => source().list({ prefix: 'f/' }), family: 'SOURCE' },
      { read: () => target().list('f/'), family: 'EXPORT' },
    ]) {
      const from = calls;
      // The call itself, the listing that expects the owner, and the one that expects none.
      const answers = [denied, ...listings];
      answer = () => answers[calls - from - 1] ?? [500, ''];
      await expect(read()).rejects.toMatchObject({ code: `SLUICE_${family}_${detail}` });
      expect(calls - from).toBe(answers.length);
    }
  });

  it.each([
    { code: 'KMS.DisabledException', status: 400, told: 'KEY_DENIED' },
    { code: 'AccessDenied', status: 403, told: 'ACCESS_DENIED' },
    { code: 'NoSuchBucket', status: 404, told: 'BUCKET_FAILED' },
  ])('is told of a receipt, too: $code', async ({ code, status, told }) => {
    Object.assign(process.env, environment);
    const [configured] = defineConfig({
      bucket: 'ours',
      sources: [acmeSource({ owner: OWNER, receipt: 'r', encryption: 'AES256' })],
    }).sources;
    const [dataset] = configured?.datasets ?? [];
    if (configured === undefined || dataset === undefined) throw new RangeError('No dataset.');
    answer = () => [status, `<Error><Code>${code}</Code></Error>`];
    const sent = customerReceipts()({ source: configured, dataset, folder: 'r/' }, 'r/k', '{}');
    await expect(sent).rejects.toMatchObject({ code: `SLUICE_RECEIPT_${told}` });
    expect(asked).toMatchObject({ [HEADER]: 'AES256', 'x-amz-expected-bucket-owner': OWNER });
  });
});

it('a role of a customer is assumed with its ID for one folder, and who may not assume it is told so', async () => {
  const sts = await startSts();
  Object.assign(process.env, { ...environment, AWS_ENDPOINT_URL_STS: sts.url });
  answer = () => [200, '<ListBucketResult/>'];
  const role = { arn: `arn:aws:iam::${acmeSource().owner}:role/r`, externalId: 'made-by-us' };
  const list = async (name: string) => {
    const { sources, exports } = defineConfig({
      bucket: 'ours',
      sources: [acmeSource({ name, role })],
      exports: [exportTo({ role }, { name })],
    });
    const read = sources.map((source) =>
      customerBucket(source, { name: 'd', folder: 'in' }, 'list').list({ prefix: '' }),
    );
    const written = exports.map((exported) => exportBucket(exported, attempts).list(''));
    const ended = await Promise.allSettled([...read, ...written]);
    return ended.map((listing) => (listing.status === 'rejected' ? listing.reason.code : 'listed'));
  };
  try {
    expect(await list('good')).toEqual(['listed', 'listed']);
    const asked = { RoleArn: role.arn, ExternalId: role.externalId };
    const sessions = [
      { ...asked, RoleSessionName: 'sluice-good-d', Policy: expect.stringContaining('"in/') },
      { ...asked, RoleSessionName: 'sluice-export-good', Policy: expect.stringContaining('/good/') },
    ];
    expect(sts.asked).toHaveLength(sessions.length);
    expect(sts.asked).toEqual(
      expect.arrayContaining(sessions.map((session) => expect.objectContaining(session))),
    );
    sts.refuses = true;
    expect(await list('denied')).toEqual(['SLUICE_SOURCE_ROLE_DENIED', 'SLUICE_EXPORT_ROLE_DENIED']);
    sts.status = 503;
    const client = new STSClient({ ...options, endpoint: sts.url });
    await expect(assumedRoleCredentials(client, role, 'failing')()).rejects.toMatchObject({
      isDenied: false,
    });
    client.destroy();
  } finally {
    sts.close();
  }
});

describe('what an export writes', () => {
  async function* bytes() {
    yield Buffer.from('ab');
  }

  it('is whole, or nothing', async () => {
    await expect(target().write('k', bytes(), 3)).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
    });
    expect(calls).toBe(0);
  });

  it('has its type, its key and its owner, and each call names the owner of the bucket', async () => {
    const sent: IncomingHttpHeaders[] = [];
    answer = () => {
      sent.push(asked);
      return [200, '<R><UploadId>u</UploadId></R>'];
    };
    const kmsKeyArn = `arn:aws:kms:us-east-1:${OWNER}:key/x`;
    const bucket = exportBucketFrom(s3, { bucket: 'theirs', owner: OWNER, kmsKeyArn }, attempts);
    await bucket.write('small', bytes(), 2);
    // The upload begins, and ends because its bytes do.
    await expect(bucket.write('large', bytes(), PART_BYTES + 1)).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
    });
    await bucket.writeJson('manifest', '{}');
    const made = sent.filter((headers) => headers[HEADER] !== undefined);
    const parquet = 'application/vnd.apache.parquet';
    expect(made.map((headers) => headers['content-type'])).toEqual([parquet, parquet, 'application/json']);
    for (const headers of made)
      expect(headers).toMatchObject({
        'x-amz-acl': 'bucket-owner-full-control',
        [`${HEADER}-aws-kms-key-id`]: kmsKeyArn,
        [`${HEADER}-bucket-key-enabled`]: 'true',
      });
    await bucket.list('');
    await bucket.remove(['small']);
    await bucket.abortUploads('');
    await source().list({ prefix: '' });
    await source().read({ key: 'k', eTag: '"e"' });
    expect(asked['if-match']).toBe('"e"');
    expect(new Set(sent.map((headers) => headers['x-amz-expected-bucket-owner']))).toEqual(new Set([OWNER]));
  });

  it('belongs to the owner of the bucket, also where objects belong to who writes them', async () => {
    await target().write('k', bytes(), 2);
    expect(asked['x-amz-acl']).toBe('bucket-owner-full-control');
    // Who has a role of theirs is of their account.
    const role = { arn: `arn:aws:iam::${OWNER}:role/r` };
    await exportBucketFrom(s3, { bucket: 'theirs', owner: OWNER, role }, attempts).write('k', bytes(), 2);
    expect(asked['x-amz-acl']).toBeUndefined();
    // Nor has a bucket of the stack's own another owner.
    await exportBucketFrom(s3, { bucket: 'own' }, attempts).write('k', bytes(), 2);
    expect(asked['x-amz-acl']).toBeUndefined();
  });

  it('is encrypted by a key that its owner can use', async () => {
    const kms = { bucket: 'theirs', owner: OWNER, encryption: 'aws:kms' } as const;
    const write = () => exportBucketFrom(s3, kms, attempts).writeJson('k', '{}');
    const byKeyOf = (account: string) => {
      answered = { [`${HEADER}-aws-kms-key-id`]: `arn:aws:kms:us-east-1:${account}:key/x` };
    };
    byKeyOf(OWNER);
    await write();
    expect(asked[HEADER]).toBe('aws:kms');
    // What does not name an account is left to S3.
    answered = { [`${HEADER}-aws-kms-key-id`]: 'a-key' };
    await write();
    byKeyOf('444455556666');
    await expect(write()).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_KEY_DENIED',
      message: expect.stringContaining(OWNER),
    });
    const methods: string[] = [];
    answer = (method) => {
      methods.push(method);
      return [200, '<R><UploadId>u</UploadId></R>'];
    };
    const large = exportBucketFrom(s3, kms, attempts).write('k', bytes(), PART_BYTES + 1);
    await expect(large).rejects.toMatchObject({ code: 'SLUICE_EXPORT_KEY_DENIED' });
    expect(methods).toEqual(['POST', 'DELETE']);
    answer = () => [200, ''];
    // A key that is configured may be of a third account.
    const kmsKeyArn = 'arn:aws:kms:us-east-1:444455556666:key/x';
    await exportBucketFrom(s3, { ...kms, kmsKeyArn }, attempts).writeJson('k', '{}');
  });
});

describe('an archived file', () => {
  it('can be read once S3 reports the expiry date of its restored copy', async () => {
    const restoring = '<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>';
    const restored =
      '<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-12-21T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>';
    const files = ['', restoring, restored].map(
      (status, i) =>
        `<Contents><Key>d/${i}.parquet</Key><Size>1</Size><StorageClass>GLACIER</StorageClass>${status}</Contents>`,
    );
    answer = () => [200, `<ListBucketResult>${files.join('')}</ListBucketResult>`];
    const { objects } = await source().list({ prefix: 'd/' });
    expect(asked['x-amz-optional-object-attributes']).toBe('RestoreStatus');
    expect(objects.map((object) => leftOutReason(object, 'd/'))).toEqual(['archived', 'archived', null]);
  });
});

/** A page of a listing that has no end. */
const page = (url: string) =>
  url.includes('uploads')
    ? `<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>m</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker><Upload><Key>events/sluice-${'0'.repeat(32)}.parquet</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>`
    : `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>n</NextContinuationToken><Contents><Key>k</Key><Size>1</Size></Contents></ListBucketResult>`;

describe('an endless listing', () => {
  it('fails by name, for our files and for the customer’s', async () => {
    answer = (_, url) => [200, page(url)];
    const refused = { code: 'SLUICE_EXPORT_TOO_MANY_FILES' };
    await expect(table().files('events/')).rejects.toMatchObject(refused);
    expect(calls).toBe(MOST_FILE_PAGES);
    await expect(target().list('events/')).rejects.toMatchObject(refused);
    expect(calls).toBe(MOST_FILE_PAGES + MOST_TARGET_PAGES);
  });

  it('fails by name for Glue’s partitions, too', async () => {
    answer = () => [200, '{"Partitions":[],"NextToken":"n"}'];
    await expect(table().locations(['2026-11-19'])).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
      message: expect.stringContaining(`${MOST_PARTITION_PAGES} pages`),
    });
    expect(calls).toBe(MOST_PARTITION_PAGES);
  });

  it('of unfinished uploads is left to the next export', async () => {
    answer = (method, url) => (method === 'GET' ? [200, page(url)] : [204, '']);
    expect(await target().abortUploads('events/')).toBe(MOST_UPLOAD_PAGES);
    expect(calls).toBe(2 * MOST_UPLOAD_PAGES);
    expect(got).toContain('key-marker=m');
  });

  it('ends at the deadline of the function', async () => {
    let now = 0;
    answer = (_, url) => {
      now += 400;
      return [200, page(url)];
    };
    const late = { code: 'SLUICE_EXPORT_OUT_OF_TIME' };
    const clock = { now: () => now };
    await expect(table({ clock }).files('events/')).rejects.toMatchObject(late);
    expect(calls).toBe(3);
    await expect(target({ clock }).list('events/')).rejects.toMatchObject(late);
    await expect(table({ clock }).locations(['2026-11-19'])).rejects.toMatchObject(late);
    expect(calls).toBe(3);
  });
});
