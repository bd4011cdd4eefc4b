import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AthenaClient } from '@aws-sdk/client-athena';
import { EntityNotFoundException, GlueClient } from '@aws-sdk/client-glue';
import { type LifecycleRule, S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readArchivingRules } from '../../../lib/aws/archivingRules.ts';
import { assumedRoleCredentials, stsClient } from '../../../lib/aws/assumedRole.ts';
import { runStatement } from '../../../lib/aws/athenaStatements.ts';
import { ANSWER_MS, clientLimits } from '../../../lib/aws/clientLimits.ts';
import { copySource } from '../../../lib/aws/copySource.ts';
import { customerBucketFrom } from '../../../lib/aws/customerBucket.ts';
import { customerClient } from '../../../lib/aws/customerClient.ts';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { firehoseClient } from '../../../lib/aws/firehosePutRecord.ts';
import { glueClient, gluePartitionCatalog } from '../../../lib/aws/gluePartitionCatalog.ts';
import { glueViews } from '../../../lib/aws/glueViews.ts';
import { type LandedPlace, landedTable } from '../../../lib/aws/landedTable.ts';
import { landingBucket } from '../../../lib/aws/landingBucket.ts';
import { multipartUpload } from '../../../lib/aws/multipartUpload.ts';
import { sqsSingleTryClient } from '../../../lib/aws/relayQueue.ts';
import { s3Client, s3SingleTryClient } from '../../../lib/aws/s3Client.ts';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { secretsManagerClient, versionedSecret } from '../../../lib/aws/secrets.ts';
import { countMessages, sqsClient } from '../../../lib/aws/taskQueue.ts';
import { addDays } from '../../../lib/base/time.ts';
import { CURATE_PARAMETER } from '../../../lib/curate/ViewCatalog.ts';
import { type AskedCall, answering, named, s3Error } from '../../harness/answering.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const attempts = {
  clock: { now: () => Date.UTC(2026, 10, 20) },
  wait: async () => undefined,
  random: () => 0,
  deadline: Date.UTC(2026, 10, 21),
};
const OWNER = '111122223333';
process.env['AWS_REGION'] ??= 'us-east-1';

describe('the clients of AWS', () => {
  it.each([
    // Whoever calls these retries, or does not wait for a retry.
    { what: 'Glue', client: glueClient, attempts: 1 },
    { what: 'S3, of the catalog', client: s3SingleTryClient, attempts: 1 },
    { what: 'SQS, of relay', client: sqsSingleTryClient, attempts: 1 },
    { what: 'Firehose', client: firehoseClient, attempts: 1 },
    { what: 'Secrets Manager', client: secretsManagerClient, attempts: 2 },
    { what: 'S3', client: s3Client, attempts: 3 },
    { what: 'SQS', client: sqsClient, attempts: 3 },
    { what: 'STS', client: stsClient, attempts: 3 },
  ])('make so many attempts, and are made once: $what, $attempts', async ({ client, attempts: tries }) => {
    expect(await client().config.maxAttempts()).toBe(tries);
    expect(client()).toBe(client());
  });
});

describe('the client of a customer', () => {
  const ROLE = { arn: 'arn:aws:iam::111122223333:role/r', externalId: 'made-by-us' };
  const place = { region: 'eu-west-1' as const, role: ROLE };
  const access = { sessionName: 's', sessionPolicy: '{}', answerMs: 5_000 };

  it('is kept for the same settings, and for no others', async () => {
    const client = customerClient(place, access);
    expect(customerClient({ ...place }, { ...access })).toBe(client);
    const others = [
      customerClient({ ...place, region: 'eu-west-2' }, access),
      customerClient({ ...place, role: { ...ROLE, externalId: 'another' } }, access),
      customerClient({ ...place, role: undefined }, access),
      customerClient(place, { ...access, sessionName: 't' }),
      customerClient(place, { ...access, sessionPolicy: '{"Version":"2012-10-17"}' }),
      customerClient(place, { ...access, answerMs: 6_000 }),
    ];
    expect(new Set([client, ...others]).size).toBe(others.length + 1);
    expect(await client.config.region()).toBe('eu-west-1');
    expect(client.config.followRegionRedirects).toBe(false);
  });

  it('of a session has its credentials or assumes the role as it, and is closed with it', async () => {
    const credentials = { accessKeyId: 'own', secretAccessKey: 's', expiration: new Date(0) };
    const assumed = { AccessKeyId: 'theirs', SecretAccessKey: 's', Expiration: new Date(4e12) };
    const sts = answering(STSClient, { Credentials: assumed });
    const closed: object[] = [];
    const by = {
      credentials,
      s3: answering(S3Client).client,
      glue: answering(GlueClient).client,
      sts: sts.client,
      closes: (client: object) => void closed.push(client),
      close: () => undefined,
    };
    const own = customerClient({ ...place, role: undefined }, { ...access, by });
    expect((await own.config.credentials()).accessKeyId).toBe('own');
    const theirs = customerClient(place, { ...access, by });
    expect((await theirs.config.credentials()).accessKeyId).toBe('theirs');
    expect(sts.asked.map(({ input }) => input)).toEqual([
      {
        RoleArn: ROLE.arn,
        RoleSessionName: 's',
        ExternalId: 'made-by-us',
        DurationSeconds: 3_600,
        Policy: '{}',
      },
    ]);
    expect(closed).toEqual([own, theirs]);
    expect(customerClient(place, { ...access, by })).not.toBe(theirs);
  });
});

it('a client waits so long for a connection, and so long for an answer', () => {
  const throwOnRequestTimeout = true;
  expect([clientLimits({ answerMs: ANSWER_MS.long }), clientLimits({ answerMs: 1, connectMs: 3 })]).toEqual([
    { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout },
    { connectionTimeout: 3, requestTimeout: 1, throwOnRequestTimeout },
  ]);
});

it('the source of a copy is encoded as S3 decodes it', () => {
  expect(copySource('b', 'a b/ü#?+')).toBe('b/a%20b/%C3%BC%23%3F%2B');
  expect(copySource('b', 'k', 'v+1/')).toBe('b/k?versionId=v%2B1%2F');
});

describe('the rules of a bucket that archive', () => {
  const moves = { Transitions: [{ StorageClass: 'GLACIER', Days: 90 }] };
  const rule = (more: Partial<LifecycleRule>) => ({ ID: 'r', Status: 'Enabled', ...moves, ...more });
  const archived = { id: 'r', storageClass: 'GLACIER', days: 90, isOfVersions: false };
  it.each([
    { what: 'a prefix', found: rule({ Filter: { Prefix: 'a/' } }), rules: [{ ...archived, prefix: 'a/' }] },
    {
      what: 'a prefix and tags',
      found: rule({ Filter: { And: { Prefix: 'b/', Tags: [] } } }),
      rules: [{ ...archived, prefix: 'b/' }],
    },
    { what: 'an old prefix', found: rule({ Prefix: 'c/' }), rules: [{ ...archived, prefix: 'c/' }] },
    { what: 'no prefix', found: rule({ Filter: {} }), rules: [{ ...archived, prefix: '' }] },
    { what: 'disabled', found: rule({ Status: 'Disabled', Filter: {} }), rules: [] },
    {
      what: 'a class that is read at once',
      found: rule({ Filter: {}, Transitions: [{ StorageClass: 'STANDARD_IA', Days: 30 }] }),
      rules: [],
    },
    {
      what: 'versions that are replaced, and a day instead of an age',
      found: rule({
        Filter: {},
        Transitions: [{ StorageClass: 'DEEP_ARCHIVE', Date: new Date(0) }],
        NoncurrentVersionTransitions: [{ StorageClass: 'GLACIER', NoncurrentDays: 7 }],
      }),
      rules: [
        { ...archived, prefix: '', storageClass: 'DEEP_ARCHIVE', days: null },
        { ...archived, prefix: '', days: 7, isOfVersions: true },
      ],
    },
  ])('are read: $what', async ({ found, rules }) => {
    const { client } = answering(S3Client, { Rules: [found] });
    expect(await readArchivingRules(client, 'own')).toEqual(rules);
  });

  it('are none without a lifecycle, and unknown after any other error', async () => {
    const { client } = answering(S3Client, s3Error('NoSuchLifecycleConfiguration'), s3Error('AccessDenied'));
    expect(await readArchivingRules(client, 'own')).toEqual([]);
    await expect(readArchivingRules(client, 'own')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

it('a role whose session has no credentials may be assumed later', async () => {
  const Credentials = { AccessKeyId: 'a', SecretAccessKey: 's', Expiration: new Date(0) };
  const { client } = answering(STSClient, {}, { Credentials });
  const assume = assumedRoleCredentials(client, { arn: 'arn:aws:iam::1:role/r' }, 'n'.repeat(70));
  await expect(assume()).rejects.toMatchObject({ name: 'AssumeRoleError', isDenied: false });
  // No member without a value: a client would sign with it.
  expect(await assume()).toEqual({ accessKeyId: 'a', secretAccessKey: 's', expiration: new Date(0) });
});

describe('a view in Glue', () => {
  const Table = {
    Name: 'v',
    VersionId: '7',
    ViewOriginalText: 'old',
    Parameters: { [CURATE_PARAMETER]: 'true', other: 'x' },
  };
  /** What an update may name besides: what it does not name is gone. */
  const kept = {
    Description: 'a comment',
    Owner: 'o',
    LastAccessTime: new Date(1),
    LastAnalyzedTime: new Date(2),
    Retention: 3,
    StorageDescriptor: { Columns: [{ Name: 'c', Type: 'string' }] },
    PartitionKeys: [{ Name: 'ds', Type: 'date' }],
    ViewExpandedText: '/* Presto View */',
    TableType: 'VIRTUAL_VIEW',
    TargetTable: { Name: 't' },
  };
  const set = { CreateTime: new Date(0), DatabaseName: 'd', IsRegisteredWithLakeFormation: false };
  const missing = new EntityNotFoundException({ message: 'no', $metadata: {} });

  it.each([
    { what: 'the table is missing', answer: missing },
    { what: 'the answer has no table', answer: {} },
    { what: 'the table has no version', answer: { Table: { ...Table, VersionId: undefined } } },
  ])('is none if $what', async ({ answer }) => {
    const { client } = answering(GlueClient, answer);
    expect(await glueViews(client, 'd').read('experiment_exposures')).toBeNull();
  });

  it('is not read after a denial, and says so', async () => {
    const { client } = answering(GlueClient, named('AccessDeniedException'));
    await expect(glueViews(client, 'd').read('experiment_exposures')).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
  });

  it('is replaced if it still has the version that was read, without an archived version', async () => {
    const conflict = named('ConcurrentModificationException');
    const denied = named('AccessDeniedException');
    const { client, asked } = answering(
      GlueClient,
      { Table: { ...Table, ...kept, ...set } },
      {},
      conflict,
      denied,
    );
    const view = await glueViews(client, 'd').read('experiment_exposures');
    expect(view).toMatchObject({ text: 'old', isCurated: true });
    expect(await view?.replaceText('new')).toBe(true);
    const { Name, Parameters } = Table;
    expect(asked.at(-1)?.input).toEqual({
      DatabaseName: 'd',
      VersionId: '7',
      SkipArchive: true,
      TableInput: { ...kept, Name, Parameters, ViewOriginalText: 'new' },
    });
    expect(await view?.replaceText('new')).toBe(false);
    await expect(view?.replaceText('new')).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });

  it('is not curated if it does not say so', async () => {
    const { client } = answering(GlueClient, { Table: { Name: 'v', VersionId: '7' } });
    expect(await glueViews(client, 'd').read('experiment_exposures')).toMatchObject({
      text: '',
      isCurated: false,
    });
  });
});

it('an empty token of Glue is the end of a list', async () => {
  const page = { Partitions: [{ Values: ['2026-11-19'], StorageDescriptor: { Location: 's3://b/x' } }] };
  const { client } = answering(GlueClient, { ...page, NextToken: '' }, { ...page, NextToken: '' });
  expect((await gluePartitionCatalog(client).listPage('d', 't', undefined)).next).toBeUndefined();
  expect(await glueViews(client, 'd').partitions('t', undefined)).toEqual({
    items: [{ day: '2026-11-19', location: 's3://b/x' }],
    next: undefined,
  });
});

describe('a table that is exported', () => {
  const place: LandedPlace = { database: 'd', table: 't', bucket: 'own', tableFiles: { kind: 'versions' } };
  const start = (
    glue: readonly object[],
    s3: readonly object[],
    more: Partial<LandedPlace> = {},
    deadline = attempts.deadline,
  ) =>
    landedTable(
      { glue: answering(GlueClient, ...glue).client, s3: answering(S3Client, ...s3).client },
      { ...place, ...more },
      { ...attempts, deadline },
    );
  const missing = new EntityNotFoundException({ message: 'no', $metadata: {} });

  it.each([
    { what: 'is missing', glue: [missing], code: 'SLUICE_EXPORT_TABLE_MISSING' },
    { what: 'is denied', glue: [named('AccessDeniedException')], code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE' },
    { what: 'is asked too late', glue: [], deadline: 0, code: 'SLUICE_EXPORT_OUT_OF_TIME' },
  ])('has no places if it $what', async ({ glue, deadline, code }) => {
    await expect(start(glue, [], {}, deadline).locations(['2026-11-19'])).rejects.toMatchObject({ code });
  });

  it('has the places of more days than Glue is asked for at once', async () => {
    const days = Array.from({ length: 101 }, (_, i) => addDays('2026-08-01', i));
    const partitionsOf = (some: readonly string[]) => ({
      Partitions: some.map((day) => ({
        Values: [day],
        StorageDescriptor: { Location: `s3://own/t/${day}` },
      })),
    });
    const answers = [partitionsOf(days.slice(0, 100)), partitionsOf(days.slice(100))];
    expect([...(await start(answers, []).locations(days)).keys()]).toEqual(days);
  });

  it('has files that are gone, or that cannot be read', async () => {
    const table = start([], [s3Error('NoSuchKey'), s3Error('SlowDown')]);
    const file = { key: 'k', size: 1, eTag: '"e"', modifiedAt: 0 };
    expect(await table.read(file)).toBeNull();
    await expect(table.read(file)).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
      message: expect.stringContaining('k: SlowDown'),
    });
  });

  it.each([
    { what: 'as many days ago as its files are kept', expireAfterDays: 1, isPast: true },
    { what: 'a day less', expireAfterDays: 2, isPast: false },
    { what: 'if they are kept for ever', expireAfterDays: null, isPast: false },
  ])('has past days: $what', ({ expireAfterDays, isPast }) => {
    const table = start([], [], { tableFiles: { kind: 'raw', expireAfterDays } });
    expect(table.isPast('2026-11-19')).toBe(isPast);
  });
});

describe('a bucket of a customer', () => {
  const target = { bucket: 'theirs', owner: OWNER };
  /** An error of ours: nothing that the customer could mend. */
  const defect = new TypeError('x is not a function');

  it('has errors of ours as they are', async () => {
    const read = customerBucketFrom(answering(S3Client, defect).client, { name: 'acme', ...target });
    await expect(read.list({ prefix: '' })).rejects.toBe(defect);
    const written = exportBucketFrom(answering(S3Client, defect).client, target, attempts);
    await expect(written.list('')).rejects.toBe(defect);
  });

  it('that is ours is not asked whose it is', async () => {
    const { client, asked } = answering(S3Client, s3Error('AccessDenied'));
    await expect(
      customerBucketFrom(client, { name: 'own', bucket: 'own' }).list({ prefix: 'f/' }),
    ).rejects.toMatchObject({ code: 'SLUICE_SOURCE_ACCESS_DENIED' });
    expect(asked).toHaveLength(1);
  });

  it('lists what has a key, and its folders', async () => {
    const Contents = [{ Size: 1 }, { Key: 'a', Size: 1, ETag: '"e"', LastModified: new Date(5) }];
    const { client } = answering(S3Client, { Contents, CommonPrefixes: [{}, { Prefix: 'f/' }] });
    expect(await customerBucketFrom(client, { name: 'acme', ...target }).list({ prefix: '' })).toMatchObject({
      objects: [{ key: 'a', eTag: '"e"', lastModified: new Date(5), isRestored: false }],
      folders: ['f/'],
      next: undefined,
    });
  });

  it.each([
    { what: 'may not be listed', error: 'AccessDenied', result: null },
    { what: 'are of a bucket that is gone', error: 'NoSuchBucket', result: 'SLUICE_EXPORT_BUCKET_MISSING' },
  ])('has uploads that $what', async ({ error, result }) => {
    const bucket = exportBucketFrom(answering(S3Client, s3Error(error)).client, target, attempts);
    expect(await bucket.abortUploads('p/').catch(({ code }) => code)).toBe(result);
  });

  it('has its uploads listed no longer once a page has none', async () => {
    const { client, asked } = answering(S3Client, { IsTruncated: true, NextKeyMarker: 'm' });
    expect(await exportBucketFrom(client, target, attempts).abortUploads('p/')).toBe(0);
    expect(asked).toHaveLength(1);
  });
});

describe('a large file', () => {
  const MiB = 1024 ** 2;
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());
  const uploading = (parts: number) =>
    answering(
      S3Client,
      { UploadId: 'u' },
      ...Array.from({ length: parts }, (_, i) => ({ ETag: `"${i}"` })),
      {},
    );
  /** The numbers and sizes of the parts that were sent, the first and the last byte of each, and how they were joined. */
  const sentIn = (asked: readonly AskedCall[]) => ({
    parts: asked.flatMap(({ name, input: { PartNumber, Body } }) => {
      if (name !== 'UploadPart' || !(Body instanceof Uint8Array)) return [];
      return [[PartNumber, Body.length, Body[0], Body.at(-1)]];
    }),
    joined: Object(asked.at(-1)?.input['MultipartUpload']).Parts.map(
      ({ PartNumber }: { readonly PartNumber: number }) => PartNumber,
    ),
  });
  // Each byte is the number of its MiB, but for the last.
  const bytesOf = (size: number) => {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += MiB) bytes.fill(at / MiB, at, Math.min(at + MiB, size));
    bytes[size - 1] = 255;
    return bytes;
  };

  it.each([
    {
      size: 32 * MiB + 1,
      parts: [
        [1, 16 * MiB, 0, 15],
        [2, 16 * MiB, 16, 31],
        [3, 1, 255, 255],
      ],
    },
    {
      size: 32 * MiB,
      parts: [
        [1, 16 * MiB, 0, 15],
        [2, 16 * MiB, 16, 255],
      ],
    },
  ])('of $size bytes is uploaded in parts, from the disk and from a stream', async ({ size, parts }) => {
    const bytes = bytesOf(size);
    const expected = { parts, joined: parts.map(([number]) => number) };
    const path = join(directory.path, `large-${size}`);
    writeFileSync(path, bytes);
    const own = uploading(parts.length);
    await landingBucket(own.client, 'own').upload(path, 'k', new AbortController().signal);
    const { parts: sent, joined } = sentIn(own.asked);
    expect({ parts: sent.toSorted(([a], [b]) => Number(a) - Number(b)), joined }).toEqual(expected);
    async function* pieces() {
      // Not as large as a part, nor a part of it.
      for (let at = 0; at < size; at += 7 * MiB) yield bytes.subarray(at, at + 7 * MiB);
    }
    const theirs = uploading(parts.length);
    const target = { bucket: 'theirs', owner: OWNER };
    await exportBucketFrom(theirs.client, target, attempts).write('k', pieces(), size);
    expect(sentIn(theirs.asked)).toEqual(expected);
  });

  it.each([16 * MiB, 3])('of %i bytes is put at once', async (size) => {
    const path = join(directory.path, `small-${size}`);
    writeFileSync(path, bytesOf(size));
    const { client, asked } = answering(S3Client, { ETag: '"e"' });
    await landingBucket(client, 'own').upload(path, 'k', new AbortController().signal);
    expect(asked.map(({ name }) => name)).toEqual(['PutObject']);
    expect(Buffer.from(asked[0]?.input['Body'] as Uint8Array).equals(bytesOf(size))).toBe(true);
  });

  it('that is longer than it was said to be is no object', async () => {
    async function* longer() {
      yield Buffer.from('ab');
    }
    const { client, asked } = answering(S3Client);
    const bucket = exportBucketFrom(client, { bucket: 'theirs', owner: OWNER }, attempts);
    await expect(bucket.write('k', longer(), 1)).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
    });
    expect(asked).toEqual([]);
  });
});

it('an upload whose abort fails, too, fails with the first error', async () => {
  const first = s3Error('SlowDown');
  const answers = [{ UploadId: 'u' }, first, s3Error('InternalError')];
  const { client, asked } = answering(S3Client, ...answers);
  const upload = multipartUpload(client, { Bucket: 'b', Key: 'k' }, {}, async (send) => [
    await send(1, Buffer.from('a')),
  ]);
  await expect(upload).rejects.toBe(first);
  expect(asked.map(({ name }) => name)).toEqual([
    'CreateMultipartUpload',
    'UploadPart',
    'AbortMultipartUpload',
  ]);
});

describe('an object of S3', () => {
  const store = (...answers: readonly object[]) => s3ObjectStore(answering(S3Client, ...answers).client, 'b');

  it('whose call fails is not taken for a missing one', async () => {
    const denied = { name: 'AccessDenied' };
    const failing = () => store(s3Error('AccessDenied'), s3Error('SlowDown'));
    await expect(failing().head('k')).rejects.toMatchObject(denied);
    await expect(failing().remove('k', '"e"')).rejects.toMatchObject(denied);
    await expect(failing().write('k', 'x', { expected: null })).rejects.toMatchObject(denied);
    // The listing that would decide fails, too.
    await expect(failing().read('k', { listsIfDenied: true })).rejects.toMatchObject(denied);
  });

  it('that another has deleted is gone, and changed if it is still there', async () => {
    const changed = s3Error('PreconditionFailed');
    expect(await store(changed, s3Error('NotFound')).remove('k', '"e"')).toBe('gone');
    expect(await store(changed, { ETag: '"f"' }).remove('k', '"e"')).toBe('changed');
    expect(await store(s3Error('NoSuchKey')).remove('k', '"e"')).toBe('gone');
  });

  it('is another one if a key alone begins like it', async () => {
    const listed = { Contents: [{ Key: 'key2' }] };
    expect(await store(s3Error('AccessDenied'), listed).read('key', { listsIfDenied: true })).toBeNull();
  });

  it('without a key is none of a list, and without a body cannot be opened', async () => {
    expect(await store({ Contents: [{ Size: 1 }, { Key: 'a' }] }).listPage('')).toEqual({
      items: [{ key: 'a', size: 0, eTag: '', modifiedAt: 0 }],
      next: undefined,
    });
    await expect(store({ ETag: '"e"' }).open('k')).rejects.toThrow(TypeError);
    const body = Readable.from(['x']);
    expect(await store({ Body: body }).open('k')).toMatchObject({ body, eTag: '', modifiedAt: 0 });
  });

  it('is opened with what S3 says of it', async () => {
    const body = Readable.from(['x']);
    const said = { ETag: '"e"', VersionId: 'v', ContentLength: 1, Metadata: { reason: 'R' } };
    const { client, asked } = answering(S3Client, { Body: body, LastModified: new Date(7), ...said });
    const opened = await s3ObjectStore(client, 'b', OWNER).open('k', {
      ifMatch: '"e"',
      range: { first: 1, last: 2 },
    });
    expect(opened).toEqual({
      body,
      eTag: '"e"',
      versionId: 'v',
      modifiedAt: 7,
      bytes: 1,
      metadata: { reason: 'R' },
    });
    const object = { Bucket: 'b', ExpectedBucketOwner: OWNER, Key: 'k' };
    expect(asked[0]?.input).toEqual({ ...object, IfMatch: '"e"', Range: 'bytes=1-2' });
  });

  it('is written as JSON, unless its type is said, and with its metadata', async () => {
    const { client, asked } = answering(S3Client, { ETag: '"e"' }, { ETag: '"e"' });
    const written = s3ObjectStore(client, 'b', OWNER);
    await written.write('k', '{}', { metadata: { reason: 'R' } });
    await written.write('k', 'a', { contentType: 'text/csv' });
    const object = { Bucket: 'b', ExpectedBucketOwner: OWNER, Key: 'k' };
    expect(asked.map(({ input }) => input)).toEqual([
      { ...object, Body: '{}', ContentType: 'application/json', Metadata: { reason: 'R' } },
      { ...object, Body: 'a', ContentType: 'text/csv' },
    ]);
  });

  it.each(['GLACIER', 'DEEP_ARCHIVE'])('of the class %s is archived in a list', async (StorageClass) => {
    const { items } = await store({ Contents: [{ Key: 'a', StorageClass }] }).listPage('');
    expect(items).toEqual([{ key: 'a', size: 0, eTag: '', modifiedAt: 0, isArchived: true }]);
  });
});

describe('an object that an erasure writes anew', () => {
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());
  const path = join(directory.path, 'left');
  writeFileSync(path, 'left');
  const version = { key: 'k', versionId: '1', eTag: '"e"', isLatest: true, size: 1, modifiedAt: 0 };
  const attributes = { contentType: undefined, headers: {}, metadata: {}, storageClass: undefined };
  const timing = { wait: async () => undefined, random: () => 0 };
  const replacing = (...answers: readonly object[]) =>
    s3EraseBucket(answering(S3Client, ...answers).client, 'own', timing).replace(version, path, attributes);
  const conflict = s3Error('PreconditionFailed');

  it('is another’s if it is gone, or has other bytes, and its own if the first answer was lost', async () => {
    expect(await replacing(conflict, s3Error('NoSuchKey'))).toBeNull();
    expect(await replacing(conflict, { Body: Readable.from(['other']), ETag: '"f"' })).toBeNull();
    expect(await replacing(conflict, { Body: Readable.from(['left']), ETag: '"f"', VersionId: '2' })).toEqual(
      {
        eTag: '"f"',
        isKept: true,
      },
    );
  });

  it('is not taken for another’s if it cannot be read', async () => {
    await expect(replacing(conflict, s3Error('AccessDenied'))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('has replaced what it was where there are no versions', async () => {
    const unversioned = { ...version, versionId: 'null' };
    const { client, asked } = answering(S3Client, { ETag: '"g"' });
    const bucket = s3EraseBucket(client, 'own', timing);
    expect(await bucket.replace(unversioned, path, attributes)).toEqual({ eTag: '"g"', isKept: false });
    expect(asked[0]?.input).toMatchObject({ IfMatch: '"e"', Key: 'k' });
  });

  it('is tried no more once the erasure is ended, which is why it failed', async () => {
    const ended = new AbortController();
    const reason = new Error('ended');
    const { client, asked } = answering(S3Client, named('TimeoutError'));
    const bucket = s3EraseBucket(client, 'own', timing, ended.signal);
    ended.abort(reason);
    await expect(bucket.replace(version, path, attributes)).rejects.toBe(reason);
    expect(asked).toHaveLength(1);
  });
});

describe('a secret', () => {
  it('is not replaced if another version came first, and any other error is told', async () => {
    const put = { VersionId: 'new' };
    const answers = [put, named('InvalidParameterException'), put, named('AccessDeniedException')];
    const { client } = answering(SecretsManagerClient, ...answers);
    const secret = versionedSecret(client, 's');
    expect(await secret.replace('text', 'old')).toBe(false);
    await expect(secret.replace('text', 'old')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('is replaced although the label of what waits stays', async () => {
    const answers = [{ VersionId: 'new' }, {}, named('InternalServiceError')];
    const { client, asked } = answering(SecretsManagerClient, ...answers);
    expect(await versionedSecret(client, 's').replace('text', 'old')).toBe(true);
    const moved = { MoveToVersionId: 'new', RemoveFromVersionId: 'old', VersionStage: 'AWSCURRENT' };
    expect(asked[1]?.input).toMatchObject(moved);
    expect(asked[2]?.input).toMatchObject({ RemoveFromVersionId: 'new', VersionStage: 'AWSPENDING' });
  });
});

it('a queue that says no number has no message', async () => {
  expect(await countMessages(answering(SQSClient, {}).client, 'q')).toBe(0);
});

it('a query that can be neither asked about nor stopped fails with the first error', async () => {
  const answers = [{ QueryExecutionId: 'q' }, named('ThrottlingException'), named('InternalServerException')];
  const { client, asked } = answering(AthenaClient, ...answers);
  const options = { ...attempts, workGroup: 'w', database: 'd', deadlineMs: 1_000 };
  await expect(runStatement(client, 'SELECT 1', options)).rejects.toMatchObject({
    name: 'ThrottlingException',
  });
  expect(asked[0]?.input).toMatchObject({
    QueryString: 'SELECT 1',
    WorkGroup: 'w',
    QueryExecutionContext: { Database: 'd' },
  });
  expect(asked.map(({ name }) => name)).toEqual([
    'StartQueryExecution',
    'GetQueryExecution',
    'StopQueryExecution',
  ]);
});
