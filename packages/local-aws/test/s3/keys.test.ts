import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { realClock } from '../../src/base/clock.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { startS3 } from '../../src/testing/startS3.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';

const opened = closedAfterEach();

/** Keys that are hard on a file system, and ordinary ones that clash with them. */
const segment = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'a',
      'A',
      'b',
      'ß',
      'SS',
      'é',
      'e\u0301',
      '',
      '.',
      '..',
      '...',
      'a.',
      ' a ',
      '~',
      '-rf',
      'con',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '\u0000',
      '\n',
      '\\',
      'a\\..\\b',
      ':',
      '*?[x]',
      '%2e%2e',
      '\u202e',
      '\ufeff',
      '😀',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(255), 'x'.repeat(256), 'é'.repeat(128)) },
);
const key = fc
  .array(segment, { minLength: 1, maxLength: 5 })
  .map((segments) => segments.join('/'))
  .filter((text) => text !== '' && Buffer.byteLength(text) <= 1024 && text.isWellFormed());

/** The files of a folder and its subfolders. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return lstatSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

describe('object keys', () => {
  it('keep their own bytes beside any other keys, also after a restart, inside the data folder', async () => {
    const { path: root, remove } = temporaryDirectory();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        async (keys, chosen) => {
          const directory = join(root, String(run++), 'data');
          mkdirSync(directory, { recursive: true });
          let store = ObjectStore.open({ directory, clock: realClock });
          store.createBucket('keys');
          for (const name of keys) await store.put('keys', name, `first of ${name}`);
          for (const name of keys) await store.put('keys', name, `bytes of ${name}`);
          const removed = keys[chosen % keys.length] ?? '';
          store.delete('keys', removed);
          store.close();
          store = ObjectStore.open({ directory, clock: realClock });
          const kept = keys.filter((name) => name !== removed);
          for (const name of kept) {
            expect(readFileSync(store.localPath('keys', name), 'utf8')).toBe(`bytes of ${name}`);
          }
          const listed = store.list('keys', { limit: 100 }).entries;
          expect(listed.map((entry) => 'object' in entry && entry.object.key).sort()).toEqual(
            [...kept].sort(),
          );
          // One file an object, no more: nothing is left behind, and nothing is outside.
          expect(readdirSync(join(directory, '..'))).toEqual(['data']);
          expect(filesBelow(directory).filter((path) => !path.endsWith('journal.ndjson'))).toHaveLength(
            kept.length,
          );
          store.close();
          rmSync(join(directory, '..'), { recursive: true });
        },
      ),
      { numRuns: 80 },
    );
    expect(readdirSync(root)).toEqual([]);
    remove();
  });

  it.each([
    { what: 'a key below another key', first: 'a', second: 'a/b' },
    { what: 'a key above another key', first: 'a/b', second: 'a' },
    { what: 'a key above another key but for its case', first: 'A/b', second: 'a' },
    { what: 'keys that differ by case', first: 'Data/x', second: 'data/X' },
    { what: 'keys that differ by Unicode form', first: '\u00e9', second: 'e\u0301' },
  ])('leave the first of two conflicting keys in its place: $what', async ({ first, second }) => {
    const { path: directory } = opened(temporaryDirectory(), ({ remove }) => remove());
    const store = opened(ObjectStore.open({ directory, clock: realClock }), (one) => one.close());
    store.createBucket('keys');
    await store.put('keys', first, '1');
    await store.put('keys', second, '2');
    expect(store.localPath('keys', first)).toBe(join(directory, 'keys', first));
    expect(store.localPath('keys', second).startsWith(join(directory, '.store'))).toBe(true);
    expect(readFileSync(store.localPath('keys', first), 'utf8')).toBe('1');
    expect(readFileSync(store.localPath('keys', second), 'utf8')).toBe('2');
    store.delete('keys', first);
    store.delete('keys', second);
    await store.put('keys', second, '2');
    expect(store.localPath('keys', second)).toBe(join(directory, 'keys', second));
  });

  it('work with the real client, whatever their characters', async () => {
    const s3 = opened(await startS3(), (one) => one.close());
    s3.store.createBucket('keys');
    await fc.assert(
      fc.asyncProperty(key, async (name) => {
        await s3.client.send(new PutObjectCommand({ Bucket: 'keys', Key: name, Body: `bytes of ${name}` }));
        expect(s3.store.head('keys', name).key).toBe(name);
        const answer = await s3.client.send(new GetObjectCommand({ Bucket: 'keys', Key: name }));
        expect(await answer.Body?.transformToString()).toBe(`bytes of ${name}`);
      }),
      { numRuns: 60 },
    );
    expect(s3.defects).toEqual([]);
  });
});
