import { describe, expect, it } from '@jest/globals';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import { inspectObjects } from '../../../../lib/drops/files/inspectObjects.ts';
import { bucketOf, PARQUET } from './judgedFiles.ts';

/** A bucket of some texts by key, and the key and the first byte of each read. */
function readsOf(texts: Readonly<Record<string, string>>) {
  const reads: unknown[] = [];
  const bucket = bucketOf(texts);
  const read: (typeof bucket)['read'] = (object, range) => {
    reads.push([object.key, range?.first]);
    return bucket.read(object, range);
  };
  return { ...bucket, read, reads };
}

describe('a file without a Parquet name', () => {
  const inspect = async (texts: Readonly<Record<string, string>>) => {
    const bucket = readsOf(texts);
    const { objects } = await bucket.list({ prefix: '' });
    const { files = [] } = (await inspectObjects(bucket, makeDrop(objects, 'd/'))) ?? {};
    return { files: files.map(({ key }) => key), reads: bucket.reads };
  };

  // Athena's UNLOAD gives no file an ending.
  it.each(['a.snappy', 'part-0.c000', 'x.user', 'a.csv', 'a.parquet.gz', 'deep/a.b/c.zst', '1_00012_ab'])(
    'is a file to load if its bytes are Parquet, and none otherwise: %s',
    async (name) => {
      expect((await inspect({ [`d/${name}`]: PARQUET })).files).toEqual([`d/${name}`]);
      expect((await inspect({ [`d/${name}`]: 'a text that ends with PAR' })).files).toEqual([]);
    },
  );

  it('costs at most two reads of four bytes, and none if its name ends with .parquet', async () => {
    const texts = {
      'd/ba.parquet': PARQUET,
      'd/b': PARQUET,
      'd/c': 'no Parquet',
      'd/d': 'short',
      'd/e': 'rowsPAR1',
    };
    expect(await inspect(texts)).toEqual({
      files: ['d/b', 'd/ba.parquet', 'd/e'],
      reads: expect.arrayContaining([
        ['d/b', 0],
        ['d/c', 0],
        ['d/c', 6],
        ['d/e', 0],
        ['d/e', 4],
      ]),
    });
  });
});

it.each([1, 2])('has the caller list again if an object is gone at its read number %i', async (gone) => {
  const bucket = readsOf({ 'd/a': 'rowsPAR1' });
  const { objects } = await bucket.list({ prefix: '' });
  const read: Parameters<typeof inspectObjects>[0]['read'] = async (...asked) =>
    bucket.reads.length === gone - 1 ? null : bucket.read(...asked);
  expect(await inspectObjects({ read }, makeDrop(objects, 'd/'))).toBeNull();
});
