import {
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyIndex } from '../../src/s3/model/KeyIndex.ts';
import { listKeys } from '../../src/s3/model/listKeys.ts';
import { plainAttributes, type StoredObject } from '../../src/s3/model/StoredObject.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';
import { signedRequest } from '../edge/signedRequest.ts';

describe('object listing through the real client', () => {
  let s3: RunningS3;
  const Bucket = 'lists';
  const KEYS = ['a', 'b/1', 'b/2', 'b/c/1', 'c d+e', 'd/1', 'e%2F', '\u{ffee}', '\u{1f600}'];
  const list = (more: Partial<ListObjectsV2CommandInput> = {}) =>
    s3.client.send(new ListObjectsV2Command({ Bucket, ...more }));
  const seen = (answer: Pick<ListObjectsV2CommandOutput, 'Contents' | 'CommonPrefixes'>) => [
    answer.Contents?.map(({ Key }) => Key) ?? [],
    answer.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [],
  ];

  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket);
    for (const key of [...KEYS].reverse()) await s3.store.put(Bucket, key, `bytes of ${key}`);
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('returns keys in the order of their UTF-8 bytes', async () => {
    const answer = await list();
    expect(seen(answer)).toEqual([KEYS, []]);
    expect(answer).toMatchObject({ KeyCount: KEYS.length, MaxKeys: 1000, IsTruncated: false, Name: Bucket });
    const { etag } = s3.store.head(Bucket, 'a');
    expect(answer.Contents?.[0]).toMatchObject({ ETag: `"${etag}"`, Size: 10, StorageClass: 'STANDARD' });
    expect(answer.Contents?.[0]).not.toHaveProperty('Owner');
  });

  it('names the owner of each object, if it is asked for it', async () => {
    const { Contents = [] } = await list({ FetchOwner: true });
    expect(Contents.map(({ Owner }) => Owner?.ID)).toEqual(
      KEYS.map(() => expect.stringMatching(/^[0-9a-f]{64}$/)),
    );
  });

  it('groups keys by a delimiter, below a prefix and after a key', async () => {
    expect(seen(await list({ Delimiter: '/' }))).toEqual([
      ['a', ...KEYS.slice(4, 5), ...KEYS.slice(6)],
      ['b/', 'd/'],
    ]);
    expect(seen(await list({ Delimiter: '/', Prefix: 'b/' }))).toEqual([['b/1', 'b/2'], ['b/c/']]);
    expect(seen(await list({ StartAfter: 'b/2', Prefix: 'b' }))).toEqual([['b/c/1'], []]);
    expect(seen(await list({ Prefix: 'b', Delimiter: '/', StartAfter: 'b' }))).toEqual([[], ['b/']]);
  });

  it('returns each entry once over all pages', async () => {
    const entries: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2(
      { client: s3.client, pageSize: 1 },
      { Bucket, Delimiter: '/' },
    )) {
      expect(page.KeyCount).toBe(1);
      entries.push(...seen(page).flat());
    }
    expect(entries).toEqual(['a', 'b/', 'c d+e', 'd/', 'e%2F', '\u{ffee}', '\u{1f600}']);
  });

  it('returns nothing where it may return nothing', async () => {
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  it('encodes names when asked', async () => {
    const answer = await list({ EncodingType: 'url', Prefix: 'c ', Delimiter: '/' });
    expect(answer.Contents?.map(({ Key }) => Key)).toEqual(['c+d%2Be']);
    expect(answer).toMatchObject({ Prefix: 'c+', Delimiter: '/', EncodingType: 'url' });
  });

  it.each([
    { what: 'a token that it did not give', input: { ContinuationToken: 'abc' } },
    { what: 'a negative number of keys', input: { MaxKeys: -1 } },
  ])('rejects $what', async ({ input }) => {
    expect(await failureOf(list(input))).toMatchObject({ name: 'InvalidArgument', status: 400 });
  });

  it.each(['list-type=2&', 'versions&', 'uploads&'])('rejects an empty encoding: ?%s', async (query) => {
    const path = `/${Bucket}?${query}encoding-type=`;
    expect(await signedRequest({ url: s3.url, path })).toMatchObject({
      status: 400,
      body: expect.stringContaining('Invalid Encoding Method'),
    });
  });

  it('rejects a bucket that does not exist', async () => {
    expect(await failureOf(s3.client.send(new ListObjectsV2Command({ Bucket: 'nowhere' })))).toMatchObject({
      name: 'NoSuchBucket',
    });
  });
});

describe('listKeys against a plain model', () => {
  const object = (key: string): StoredObject => ({
    key,
    size: 0,
    etag: '',
    modifiedMs: 0,
    sequencer: '0',
    place: 'natural',
    attributes: plainAttributes,
  });
  // Few characters, of every UTF-8 length and both sides of the surrogates, so that prefixes and clashes are common.
  const name = fc
    .array(fc.constantFrom('a', 'b', '/', 'é', '\u{ffee}', '\u{1f600}'), { maxLength: 6 })
    .map((units) => units.join(''));
  const keys = fc.uniqueArray(
    name.filter((key) => key !== ''),
    { maxLength: 30 },
  );

  /** All entries at once, by looking at every key. */
  function model(all: readonly string[], prefix: string, delimiter: string, after: string): string[] {
    const bytes = (text: string) => Buffer.from(text);
    const sorted = [...all].sort((x, y) => Buffer.compare(bytes(x), bytes(y)));
    const entries = sorted
      .filter((key) => key.startsWith(prefix) && Buffer.compare(bytes(key), bytes(after)) > 0)
      .map((key) => {
        const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
        return end < 0 ? key : `prefix ${key.slice(0, end + delimiter.length)}`;
      });
    return [...new Set(entries)].filter((entry) => entry !== `prefix ${after}`);
  }

  it('returns the same entries in the same order with pages of any size', () => {
    fc.assert(
      fc.property(
        keys,
        keys,
        name,
        fc.constantFrom('', '/', 'a', '/a', 'é'),
        name,
        fc.integer({ min: 1, max: 7 }),
        (kept, removed, prefix, delimiter, after, limit) => {
          const index = new KeyIndex<StoredObject>(new Map(removed.map((key) => [key, object(key)])));
          for (const key of kept) index.set(key, object(key));
          for (const key of removed) if (!kept.includes(key)) index.delete(key);
          const entries: string[] = [];
          for (let from: string | undefined = after; from !== undefined; ) {
            const page: ReturnType<typeof listKeys> = listKeys(index, {
              prefix,
              delimiter,
              after: from,
              limit,
            });
            expect(page.entries.length).toBeLessThanOrEqual(limit);
            for (const entry of page.entries) {
              entries.push('object' in entry ? entry.object.key : `prefix ${entry.commonPrefix}`);
            }
            from = page.next;
          }
          expect(entries).toEqual(model(kept, prefix, delimiter, after));
        },
      ),
      { numRuns: 500 },
    );
  });
});
