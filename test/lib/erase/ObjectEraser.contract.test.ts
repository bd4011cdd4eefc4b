import { readFileSync, writeFileSync } from 'node:fs';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import type { EraseBucket } from '../../../lib/erase/EraseBucket.ts';
import type { ObjectForm } from '../../../lib/erase/erasePlaces.ts';
import { ObjectEraser, type ObjectEraserPorts } from '../../../lib/erase/ObjectEraser.ts';
import { ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { parquetOf } from '../drops/load/startLoads.ts';
import { landedKey, landedUsers, usersIn } from './landedUsers.ts';

const BUCKET = 'acme-experiments';
const KEY = landedKey('a');
const form: ObjectForm = { form: 'landing' };
const timing = { wait: async () => {}, random: () => 0 };

const silent = { before: async () => {}, replaced: async () => {} };

const directory = temporaryDirectory();
const matcher = new UnitMatcher([{ type: 'userID', column: 'user_id', value: 'gone' }]);

const server = await startS3();
server.store.createBucket(BUCKET);
const bucket = s3EraseBucket(server.client, BUCKET, timing);
const limits = { memoryMegabytes: 64, temporaryDirectory: directory.path };
const parquet = await ParquetEraser.open(limits, directory.path, matcher);
afterAll(async () => {
  parquet.close();
  await server.close();
  directory.remove();
});

describe('erasing from one object', () => {
  const put = (...users: readonly string[]) =>
    server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: landedUsers(...users) }));
  const stored = async () => {
    const { Body } = await server.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
    return usersIn(await Body?.transformToByteArray());
  };
  const eraser = (more: Partial<EraseBucket> = {}, ports: Partial<ObjectEraserPorts> = {}) =>
    new ObjectEraser({
      matcher,
      parquet,
      directory: directory.path,
      dryRun: false,
      now: Date.now,
      signal: undefined,
      ...timing,
      ...ports,
      bucket: { ...bucket, ...more },
    });

  it('gives up on one that somebody else changes each time', async () => {
    await put('gone', 'stays');
    let tries = 0;
    const changed = eraser({
      async replace(version, path, attributes) {
        tries += 1;
        expect(usersIn(readFileSync(path))).not.toContain('gone');
        await put('gone', `of try ${tries}`);
        return bucket.replace(version, path, attributes);
      },
    }).erase({ key: KEY, versions: await bucket.versions(KEY) }, form, silent);
    await expect(changed).rejects.toMatchObject({
      code: 'SLUICE_ERASE_CHANGING',
      message: expect.stringContaining(KEY),
    });
    expect(tries).toBe(5);
    expect(await stored()).toContain('of try 5');
  });

  it.each([
    { when: 'before', hides: 0 },
    { when: 'as', hides: 1 },
  ])(
    'looks again at a version without an ID that was overwritten $when it is hidden',
    async ({ when, hides }) => {
      await put('gone');
      const [found] = await bucket.versions(KEY);
      if (found === undefined) throw new Error('The object has no version.');
      // An object of before versioning is overwritten under the same ID, as under suspended versioning.
      const older = { ...found, versionId: 'older', isLatest: false };
      let hidden = 0;
      const changing = eraser({
        // The older version has been deleted since it was listed.
        fetch: async (version, path) => (version.isLatest ? bucket.fetch(version, path) : null),
        async versions(key) {
          if (when === 'before') await put('stays');
          return bucket.versions(key);
        },
        async hide() {
          hidden += 1;
          await put('stays');
          return 'changed';
        },
      });
      await changing.erase({ key: KEY, versions: [older, found] }, { form: 'damaged' }, silent);
      expect(hidden).toBe(hides);
      expect(await stored()).toEqual(['stays']);
    },
  );

  it('keeps what is written, where there are no versions, before an object that has nothing else is deleted', async () => {
    await put('gone');
    const before = () => put('stays').then(() => undefined);
    const object = { key: KEY, versions: await bucket.versions(KEY) };
    await eraser().erase(object, { form: 'damaged' }, { ...silent, before });
    expect(await stored()).toEqual(['stays']);
  });

  it.each([
    ['', false],
    [' of a dry run', true],
  ])('counts each version once%s when it looks again', async (_, dryRun) => {
    await put('gone', 'stays');
    const [found] = await bucket.versions(KEY);
    if (found === undefined) throw new Error('The object has no version.');
    const listed = [{ ...found, versionId: 'older', isLatest: false }, found];
    let attempt = 1;
    const removed: string[] = [];
    const changing = eraser(
      {
        async fetch(version, path) {
          if (!version.isLatest) writeFileSync(path, landedUsers('gone'));
          else if (!dryRun || attempt > 1) return bucket.fetch(version, path);
          return version.isLatest
            ? null
            : { contentType: undefined, headers: {}, metadata: {}, storageClass: undefined };
        },
        async versions() {
          attempt += 1;
          return listed.filter(({ versionId }) => !removed.includes(versionId));
        },
        replace: async (...replaced) => (attempt === 1 ? null : bucket.replace(...replaced)),
        async remove({ versionId }) {
          removed.push(versionId);
          return null;
        },
      },
      { dryRun },
    );
    const { counts } = await changing.erase({ key: KEY, versions: listed }, form, silent);
    expect(attempt).toBe(2);
    expect(counts).toMatchObject({ objects: 1, versions: 2, deleted: 2, rewritten: 1, rows: 1 });
  });

  it('knows what it has put itself when the answer to that is lost', async () => {
    await put('gone', 'stays');
    const versions = await bucket.versions(KEY);
    const replaced: (readonly [string, string])[] = [];
    const done = await eraser({
      async replace(version, path, attributes) {
        await bucket.replace(version, path, attributes);
        return bucket.replace(version, path, attributes);
      },
    }).erase({ key: KEY, versions }, form, {
      before: async () => {},
      replaced: async ({ eTag }, to) => {
        replaced.push([eTag, to]);
      },
    });
    expect(done.counts.rewritten).toBe(1);
    const [now] = await bucket.versions(KEY);
    expect(replaced).toEqual([[versions[0]?.eTag, now?.eTag]]);
    expect(await stored()).toEqual(['stays']);
  });

  describe('with bytes that are no rows', () => {
    const Body = Buffer.concat([landedUsers('stays', 'gone'), Buffer.from('more')]);
    const erase = async (form: ObjectForm, { isLatest = true, isWritten = false } = {}) => {
      await server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body }));
      const versions = (await bucket.versions(KEY)).map((version) => ({ ...version, isLatest }));
      const more = { isWritten: async () => isWritten };
      return eraser({}, more).erase({ key: KEY, versions }, form, silent);
    };

    it('waits for the writer in the landing', async () => {
      const done = await erase(form);
      expect(done.left.map(({ why }) => why)).toEqual(['unread']);
      expect(done.expiring).toEqual([]);
      expect(done.counts.rewritten).toBe(1);
    });

    it('expires in damaged/', async () => {
      const { left, expiring, counts } = await erase({ form: 'damaged' });
      expect(left).toEqual([]);
      expect(expiring.map(({ key }) => key)).toEqual([KEY]);
      expect(counts.rewritten).toBe(1);
    });

    it('is in damaged/, and nothing is left of it in the landing, once the object is written', async () => {
      expect(await erase(form, { isWritten: true })).toMatchObject({ left: [], counts: { rewritten: 1 } });
      expect(await stored()).toEqual([]);
    });
  });

  it.each([
    { users: ['gone', 'for gone', 'stays'], isLoading: false, counts: { deleted: 1, rows: 2, waiting: 0 } },
    { users: ['for gone'], isLoading: false, counts: { deleted: 1, rows: 1, waiting: 0 } },
    { users: ['for gone'], isLoading: true, counts: { deleted: 0, rows: 0, waiting: 1 } },
    { users: ['stays'], isLoading: true, counts: { deleted: 0, rows: 0, waiting: 0 } },
  ])(
    'takes a file of a load with the users $users as a whole, unless it is under way: $isLoading',
    async ({ users, isLoading, counts }) => {
      const Key = 'ledger/_loads/acme_events/2026-11-01/v/refused.parquet';
      const rows = users.map((user) => `SELECT '${user}' AS user_id`);
      const Body = await parquetOf(rows.join(' UNION ALL '));
      await server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
      const object = { key: Key, versions: await bucket.versions(Key) };
      const done = await eraser({}, { isLoading: async () => isLoading }).erase(
        object,
        { form: 'load' },
        silent,
      );
      expect(done).toMatchObject({ hasFound: counts.deleted + counts.waiting > 0, counts });
      expect(await bucket.versions(Key)).toHaveLength(1 - counts.deleted);
    },
  );

  it.each([
    ['the landing', form, 256],
    ['a table', { form: 'parquet' }, 2_048],
    ['a result', { form: 'result' }, 2_048],
  ] as const)('leaves %s that is too large', async (_, large, mebibytes) => {
    await put('stays');
    const versions = (size: number) => async () =>
      (await bucket.versions(KEY)).map((version) => ({ ...version, size }));
    const why = async (size: number) => {
      const object = { key: KEY, versions: await versions(size)() };
      return (await eraser().erase(object, large, silent)).left.map((leftObject) => leftObject.why);
    };
    expect(await why(mebibytes * 1024 ** 2 + 1)).toEqual(['too_large']);
    expect(await why(mebibytes * 1024 ** 2)).not.toContain('too_large');
  });
});
