import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import type { StoredVersion } from '../../../lib/erase/EraseBucket.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { answering, named, s3Error } from '../../harness/answering.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const BUCKET = 'acme-experiments';
/** Keys of a page; S3 has a thousand. */
const PAGE_KEYS = 3;

/** How many pages were listed. */
let pages = 0;
beforeEach(() => {
  pages = 0;
});

const server = await startS3();
server.store.createBucket(BUCKET);
const s3 = server.client;
await s3.send(
  new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }),
);
const small = server.makeClient();
small.middlewareStack.add(
  (next, { commandName }) =>
    (args) => {
      if (commandName !== 'ListObjectVersionsCommand') return next(args);
      pages += 1;
      return next({ ...args, input: { ...args.input, MaxKeys: PAGE_KEYS } });
    },
  { step: 'initialize' },
);
const bucket = s3EraseBucket(small, BUCKET, { wait: async () => {}, random: () => 0 });
afterAll(async () => {
  expect(server.defects).toEqual([]);
  await server.close();
});

describe('the bucket of an erasure', () => {
  const put = async (Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
    (await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }))).VersionId ?? '';
  const listed = async (prefix: string, after?: string) => {
    const all: (readonly [string, readonly string[]])[] = [];
    for await (const page of bucket.objects(prefix, after))
      for (const { key, versions } of page) all.push([key, versions.map(({ versionId }) => versionId)]);
    return all;
  };
  const newest = async (key: string): Promise<StoredVersion> => {
    const [version] = await bucket.versions(key);
    if (version === undefined) throw new Error(`no ${key}`);
    return version;
  };
  const path = (name: string) => join(server.directory, name);

  it('lists every version of an object at once, also of one whose versions span pages', async () => {
    const ids = new Map<string, string[]>();
    for (const { key, count } of [
      { key: 'list/a', count: 2 },
      { key: 'list/b', count: 5 },
      { key: 'list/b2', count: 1 },
      { key: 'list/c', count: 7 },
    ])
      for (let i = 0; i < count; i += 1) {
        const versionId = await put(key, `${i}`);
        ids.set(key, [versionId, ...(ids.get(key) ?? [])]);
      }
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'list/c' }));
    expect(await listed('list/')).toEqual([...ids]);
    expect(pages).toBe(6);
    // A resumed run begins after the last key that was done, and skips all of its versions.
    expect(await listed('list/', 'list/b')).toEqual([...ids].slice(2));
    expect(await listed('list/', 'list/c')).toEqual([]);
    const versions = await bucket.versions('list/b');
    expect(versions.map(({ versionId }) => versionId)).toEqual(ids.get('list/b'));
    expect(versions.map(({ isLatest }) => isLatest)).toEqual([true, false, false, false, false]);
    // Behind its delete marker, no version is what readers get.
    expect((await bucket.versions('list/c')).some(({ isLatest }) => isLatest)).toBe(false);
  });

  it('replaces an object with what it has besides its bytes', async () => {
    const attributes = {
      ContentType: 'text/csv',
      CacheControl: 'no-store',
      ContentEncoding: 'gzip',
      ContentDisposition: 'attachment',
      ContentLanguage: 'de',
      StorageClass: 'STANDARD_IA',
      Metadata: { documents: '2' },
    } as const;
    await put('replaced', 'old', attributes);
    const version = await newest('replaced');
    const stored = await bucket.fetch(version, path('old'));
    if (stored === null || stored === 'archived' || 'denied' in stored) throw new Error('not stored');
    expect(readFileSync(path('old'), 'utf8')).toBe('old');
    writeFileSync(path('new'), 'new');
    const own = { isKept: true, eTag: expect.any(String) };
    expect(await bucket.replace(version, path('new'), stored)).toEqual(own);
    const now = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'replaced' }));
    expect(await now.Body?.transformToString()).toBe('new');
    expect(now).toMatchObject(attributes);
    // Somebody else's version stays. Its own it knows again.
    expect(await bucket.replace(version, path('old'), stored)).toBe(null);
    expect(await bucket.replace(version, path('new'), stored)).toEqual(own);
  });

  it('hides an object, and deletes versions for good', async () => {
    const first = await put('gone', 'first');
    await put('gone', 'second');
    const version = await newest('gone');
    expect(await bucket.hide({ ...version, eTag: '"other"' })).toBe('changed');
    expect(await bucket.hide(version)).toBe(null);
    expect(await bucket.remove(version)).toBe(null);
    expect(await listed('gone')).toEqual([['gone', [first]]]);
    expect(await bucket.fetch(version, path('old'))).toBe(null);
    // A second time, as after a run that was killed.
    expect(await bucket.remove(version)).toBe(null);
  });

  it('deletes, where there are no versions, only what was read', async () => {
    const Bucket = 'unversioned';
    server.store.createBucket(Bucket);
    const plain = s3EraseBucket(s3, Bucket, { wait: async () => {}, random: () => 0 });
    const write = (Body: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body }));
    await write('read');
    const [version] = await plain.versions('a');
    if (version === undefined) throw new Error('no version');
    await write('another');
    expect(await plain.remove(version, true)).toBe('changed');
    const [now = version] = await plain.versions('a');
    expect(await plain.remove(now, true)).toBe(null);
    expect(await plain.versions('a')).toEqual([]);
  });

  describe('whose calls fail', () => {
    const failing = server.makeClient();
    /** The errors of the next calls that are no listings. */
    const errors: Error[] = [];
    failing.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const error = commandName === 'ListObjectVersionsCommand' ? undefined : errors.shift();
          if (error !== undefined) throw error;
          return next(args);
        },
      { step: 'initialize' },
    );
    const refusing = s3EraseBucket(failing, BUCKET, { wait: async () => {}, random: () => 0 });
    const answer = (name: string) =>
      new S3ServiceException({ name, message: 'says S3', $fault: 'client', $metadata: {} });
    const plain = { contentType: undefined, headers: {}, metadata: {}, storageClass: undefined };

    const denied = (code: string) => ({ denied: `${code}: says S3` });
    const thrown = (code: string) => ({ thrown: code });
    const none = () => null;
    const changed = () => 'changed';
    const archived = () => 'archived';
    it.each([
      { code: 'AccessDenied', fetched: denied, replaced: denied, removed: denied },
      { code: 'KMS.DisabledException', fetched: denied, replaced: denied, removed: denied },
      { code: 'PreconditionFailed', fetched: thrown, replaced: none, removed: changed },
      { code: 'ConditionalRequestConflict', fetched: thrown, replaced: none, removed: changed },
      { code: 'NoSuchKey', fetched: none, replaced: none, removed: changed },
      { code: 'NoSuchVersion', fetched: none, replaced: thrown, removed: thrown },
      { code: 'InvalidObjectState', fetched: archived, replaced: thrown, removed: thrown },
      { code: 'SlowDown', fetched: thrown, replaced: thrown, removed: thrown },
    ])('says what $code means to each call', async ({ code, fetched, replaced, removed }) => {
      await put('refused', 'stored');
      const version = await newest('refused');
      writeFileSync(path('written'), 'written');
      const outcome = async (call: () => Promise<unknown>) => {
        errors.splice(0, Number.POSITIVE_INFINITY, answer(code));
        const result = await call().catch((error: Error) => thrown(error.name));
        expect(errors).toEqual([]);
        return result;
      };
      expect(await outcome(() => refusing.fetch(version, path('read')))).toEqual(fetched(code));
      expect(await outcome(() => refusing.replace(version, path('written'), plain))).toEqual(replaced(code));
      expect(await outcome(() => refusing.hide(version))).toEqual(removed(code));
      expect(await outcome(() => refusing.remove(version))).toEqual(removed(code));
      expect((await listed('refused')).flatMap(([, versions]) => versions)).toContain(version.versionId);
    });

    it('reads and writes again when a connection ends, and gives up at last', async () => {
      const broken = (times: number) =>
        Array.from({ length: times }, () => Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
      await put('broken', 'stored');
      errors.push(...broken(3));
      expect(await refusing.fetch(await newest('broken'), path('read'))).toMatchObject({ metadata: {} });
      expect(readFileSync(path('read'), 'utf8')).toBe('stored');
      errors.push(...broken(3));
      expect(await refusing.replace(await newest('broken'), path('read'), plain)).toMatchObject({
        isKept: true,
      });
      errors.push(...broken(4));
      await expect(refusing.fetch(await newest('broken'), path('read'))).rejects.toThrow('aborted');
      expect(errors).toEqual([]);
    });
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

  it('stays in its storage class, also in one that the client does not know', async () => {
    const { client, asked } = answering(S3Client, { ETag: '"g"' });
    const stored = { ...attributes, storageClass: 'NEWER_THAN_THE_CLIENT' };
    await s3EraseBucket(client, 'own', timing).replace(version, path, stored);
    expect(asked[0]?.input).toMatchObject({ StorageClass: 'NEWER_THAN_THE_CLIENT' });
  });

  it('is not read again if its file cannot be written', async () => {
    const { client, asked } = answering(S3Client, { Body: Readable.from(['left']) });
    const nowhere = join(directory.path, 'missing', 'left');
    const reading = s3EraseBucket(client, 'own', timing).fetch(version, nowhere);
    await expect(reading).rejects.toMatchObject({ code: 'ENOENT' });
    expect(asked).toHaveLength(1);
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
