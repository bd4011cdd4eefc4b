import { Readable } from 'node:stream';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { anyVersion, listObjects, type ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { answering, s3Error } from '../../harness/answering.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';
import { startAws } from '../../harness/startAws.ts';

const clock = new ManualClock(1_000_000);
const aws = await startAws({ clock });
const { s3: client, faults } = aws;
let made = 0;

afterAll(() => aws.close());

async function inS3(): Promise<ObjectStore> {
  made += 1;
  await client.send(new CreateBucketCommand({ Bucket: `bucket-${made}` }));
  return s3ObjectStore(client, `bucket-${made}`);
}

describe.each([
  { what: 'in S3', open: inS3 },
  { what: 'in memory', open: async () => new MemoryObjects(clock) },
])('a store $what', ({ open }) => {
  let store: ObjectStore;
  beforeEach(async () => {
    faults.clear();
    store = await open();
  });
  const textOf = async (key: string) => (await store.read(key))?.text ?? null;

  it('writes an object once, and over a version that its writer knows', async () => {
    const first = await store.write('a', 'one', { expected: null });
    expect(await store.write('a', 'two', { expected: null })).toBeNull();
    expect(await store.read('a')).toEqual({ text: 'one', eTag: first });
    const second = await store.write('a', 'two', { expected: first });
    expect(await store.write('a', 'three', { expected: first })).toBeNull();
    expect(await store.write('none', 'three', { expected: first })).toBeNull();
    expect(await textOf('a')).toBe('two');
    expect(await textOf('none')).toBeNull();
    expect(second).not.toBe(first);
    await store.write('a', 'any');
    expect(await textOf('a')).toBe('any');
  });

  it('deletes a version, and says what is there instead', async () => {
    const first = (await store.write('a', 'one')) ?? '';
    await store.write('a', 'two');
    expect(await store.remove('a', first)).toBe('changed');
    const { eTag = '' } = (await store.head('a')) ?? {};
    expect(await store.remove('a', eTag)).toBe('removed');
    expect(await store.remove('a', eTag)).toBe('gone');
  });

  it('deletes as many objects as it is told, also some that are gone', async () => {
    const keys = Array.from({ length: 1_001 }, (_, at) => `b/${String(at).padStart(4, '0')}`);
    for (const key of ['b/0000', 'b/1000', 'c']) await store.write(key, key);
    expect((await store.removeAll(anyVersion(keys))).left).toEqual([]);
    expect((await store.listPage('')).items.map(({ key }) => key)).toEqual(['c']);
  });

  it('deletes of many objects those that are still as they were read', async () => {
    const read: { key: string; eTag: string }[] = [];
    for (const key of ['a', 'b']) read.push({ key, eTag: (await store.write(key, 'read')) ?? '' });
    await store.write('b', 'another');
    expect(await store.removeAll(read)).toEqual({ left: [], gone: ['b'] });
    expect(await textOf('a')).toBeNull();
    expect(await textOf('b')).toBe('another');
    expect(await store.removeAll(read)).toEqual({ left: [], gone: ['a', 'b'] });
  });

  it('opens a version or a range of it, and nothing of another version', async () => {
    const eTag = (await store.write('a', 'abcdef', { metadata: { reason: 'R' } })) ?? '';
    const opened = await store.open('a', { ifMatch: eTag, range: { first: 1, last: 3 } });
    expect(Buffer.concat((await opened?.body.toArray()) ?? []).toString()).toBe('bcd');
    expect(opened?.bytes).toBe(3);
    expect(await store.head('a')).toEqual({ eTag, metadata: { reason: 'R' } });
    await store.write('a', 'other');
    expect(await store.open('a', { ifMatch: eTag })).toBeNull();
    expect(await store.open('b')).toBeNull();
    expect(await store.read('b')).toBeNull();
    expect(await store.head('b')).toBeNull();
  });

  it('lists objects and folders', async () => {
    for (const key of ['f/b/1', 'f/a', 'f/c/2', 'f/c/3', 'g']) await store.write(key, 'x');
    const keys: string[] = [];
    for await (const { key, size } of listObjects(store, 'f/')) keys.push(`${key} ${size}`);
    expect(keys).toEqual(['f/a 1', 'f/b/1 1', 'f/c/2 1', 'f/c/3 1']);
    expect(await store.listFolders('f/')).toEqual({ items: ['b', 'c'], next: undefined });
    const folders: string[] = [];
    let token: string | undefined;
    do {
      const { items, next } = await store.listFolders('f/', { limit: 1, token });
      folders.push(...items);
      token = next;
    } while (token !== undefined);
    expect(folders).toEqual(['b', 'c']);
    const page = await store.listPage('f/', { after: 'f/a', limit: 2 });
    expect(page.items.map(({ key }) => key)).toEqual(['f/b/1', 'f/c/2']);
    expect((await store.listPage('f/', { token: page.next })).items).toHaveLength(1);
  });
});

describe('a store in S3', () => {
  const conflict = () => faults.set({ s3: [{ fault: 'failCalls', code: 'ConditionalRequestConflict' }] });

  it('takes a conflict of two writers for a write that came first, or for an error', async () => {
    faults.clear();
    const store = await inS3();
    conflict();
    expect(await store.write('a', 'one', { expected: null })).toBeNull();
    conflict();
    await expect(store.write('a', 'one', { expected: null, throwsConflict: true })).rejects.toMatchObject({
      name: 'ConditionalRequestConflict',
    });
  });

  it('takes a refusal for a missing object only if it is asked to list, and the listing shows none', async () => {
    faults.clear();
    const store = await inS3();
    await store.write('a', 'one');
    const asking = { listsIfDenied: true };
    const refused = (calls: number, call: () => Promise<unknown>) => {
      faults.set({ s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['GetObject'], calls }] });
      return call();
    };
    for (const { calls, call } of [
      { calls: 2, call: () => store.read('a', asking) },
      { calls: 2, call: () => store.open('a', asking) },
      { calls: 1, call: () => store.read('a') },
      { calls: 1, call: () => store.read('b') },
      { calls: 1, call: () => store.open('b') },
    ])
      await expect(refused(calls, call)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await refused(1, () => store.read('b', asking))).toBeNull();
    expect(await refused(1, () => store.open('b', asking))).toBeNull();
  });

  it('ends each call whose signal is aborted', async () => {
    faults.clear();
    const store = await inS3();
    const signal = AbortSignal.abort();
    for (const call of [
      store.read('a', { signal }),
      store.open('a', { signal }),
      store.write('a', 'one', { signal }),
      store.listPage('', { signal }),
      store.listFolders('', { signal }),
    ])
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(await store.head('a')).toBeNull();
  });

  it('gets an object again that was written between the refusal and the listing', async () => {
    faults.clear();
    const store = await inS3();
    const asking = { listsIfDenied: true };
    await store.write('a', 'one');
    const denied = () =>
      faults.set({ s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['GetObject'], calls: 1 }] });
    denied();
    expect(await store.read('a', asking)).toMatchObject({ text: 'one' });
    denied();
    expect((await store.open('a', asking))?.bytes).toBe(3);
  });
});

describe('an object of S3', () => {
  const OWNER = '111122223333';
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
