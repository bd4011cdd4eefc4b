import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { EraseBucket } from '../../../lib/erase/EraseBucket.ts';
import type { ObjectForm } from '../../../lib/erase/erasePlaces.ts';
import { Turns } from '../../../lib/erase/ObjectEraser.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { countsOf, type Erasing, eraseObject, KEY, NOW, PUT_AT } from './eraseObject.ts';
import { landedUsers, usersIn } from './landedUsers.ts';
import { MemoryBucket } from './MemoryBucket.ts';

const MEBIBYTE = 1024 ** 2;
/** Bytes that nobody can read. */
const NOISE = Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex');

const directory = temporaryDirectory();
afterAll(directory.remove);

const landing: ObjectForm = { form: 'landing' };
const damaged: ObjectForm = { form: 'damaged' };
const body: ObjectForm = { form: 'body' };
const result: ObjectForm = { form: 'result' };

/** An object of the landing with bytes behind its record that are no rows. */
const withMore = (...users: readonly string[]) =>
  Buffer.concat([...(users.length > 0 ? [landedUsers(...users)] : []), Buffer.from('more')]);

/** Erases the unit from one object of the landing, or as `erasing` says. */
const erase = (erasing: Partial<Erasing>) =>
  eraseObject({ form: landing, directory: directory.path, ...erasing });

/** A bucket of one version of each object. */
function withoutVersions() {
  const bucket = new MemoryBucket();
  bucket.keepsVersions = false;
  return bucket;
}
const GONE = landedUsers('gone');
const STAYS = landedUsers('stays');
const MIXED = landedUsers('gone', 'stays');
const leftOf = (versionId: string, why: string) => ({ key: KEY, versionId, why });
/** What is counted once rows were taken out of an object. */
const taken = { rewritten: 1, deleted: 1, rows: 1 };
const denied = { denied: 'AccessDenied: no' };

/** The users of the versions that are left, the newest first. */
const usersOf = (bucket: MemoryBucket) =>
  bucket.bodies(KEY).map((bytes) => (bytes === null ? null : usersIn(bytes)));

describe('erasing from the versions of an object', () => {
  it.each([
    {
      what: 'has nothing of the unit',
      bodies: [['stays'], ['stays']],
      counts: { versions: 2 },
      asked: ['fetch v1', 'fetch v2'],
      left: [['stays'], ['stays']],
    },
    {
      what: 'has rows of others, too',
      bodies: [['gone', 'stays', 'gone']],
      counts: { versions: 1, rewritten: 1, deleted: 1, rows: 2 },
      asked: ['fetch v1', 'replace v1', 'remove v1'],
      left: [['stays']],
    },
    {
      what: 'has rows of others, too, as has an older version',
      bodies: [
        ['gone', 'old'],
        ['gone', 'stays'],
      ],
      counts: { versions: 2, ...taken, deleted: 2 },
      asked: ['fetch v1', 'remove v1', 'fetch v2', 'replace v2', 'remove v2'],
      left: [['stays']],
    },
    {
      what: 'has lost the rows already',
      bodies: [['gone', 'stays'], ['stays']],
      counts: { versions: 2, deleted: 1 },
      asked: ['fetch v1', 'remove v1', 'fetch v2'],
      left: [['stays']],
    },
    {
      what: 'is deleted',
      bodies: [['stays'], ['gone'], null],
      counts: { versions: 2, deleted: 1 },
      asked: ['fetch v2', 'remove v2', 'fetch v1'],
      left: [null, ['stays']],
    },
    {
      what: 'has nothing else, of the landing',
      bodies: [['gone']],
      counts: { versions: 1, ...taken },
      asked: ['fetch v1', 'replace v1', 'remove v1'],
      left: [[]],
    },
    {
      what: 'has nothing else',
      form: damaged,
      bodies: [['gone']],
      counts: { versions: 1, deleted: 1, rows: 1 },
      asked: ['fetch v1', 'remove v1 if read'],
      left: [],
    },
    {
      what: 'has nothing else, as have the older ones',
      form: damaged,
      bodies: [['gone'], ['gone'], ['gone']],
      counts: { versions: 3, deleted: 3, rows: 1 },
      asked: ['fetch v2', 'remove v2', 'fetch v1', 'remove v1', 'fetch v3', 'remove v3 if read'],
      left: [],
    },
    {
      what: 'has nothing else, over a version that stays',
      form: damaged,
      bodies: [['stays'], ['gone'], ['gone']],
      counts: { versions: 3, deleted: 2, rows: 1 },
      asked: ['fetch v2', 'remove v2', 'fetch v1', 'fetch v3', 'hide "3"', 'remove v3'],
      left: [null, ['stays']],
    },
    {
      what: 'is empty',
      form: body,
      bodies: [[]],
      empty: true,
      counts: { versions: 1 },
      asked: [],
      left: [[]],
    },
  ])(
    'looks at old ones first, where the latest $what',
    async ({ form, bodies, empty, counts, asked, left }) => {
      const bytesOf = (users: readonly string[]) => (empty ? Buffer.of() : landedUsers(...users));
      const done = await erase({
        ...(form && { form }),
        bodies: bodies.map((users) => (users === null ? null : bytesOf(users))),
      });
      expect(done).toMatchObject({ counts: countsOf(counts), left: [], expiring: [], asked });
      expect(done.hasFound).toBe((counts.deleted ?? 0) > 0);
      expect(usersOf(done.bucket)).toEqual(left);
      expect(readdirSync(directory.path)).toEqual([]);
    },
  );

  it('changes nothing in a dry run, and counts the same', async () => {
    const bodies = [GONE, MIXED];
    const done = await erase({ bodies, ports: { dryRun: true } });
    expect(done).toMatchObject({
      counts: countsOf({ versions: 2, ...taken, deleted: 2 }),
      hasFound: true,
      reports: [],
      asked: ['fetch v1', 'fetch v2'],
    });
  });

  it('reports before it changes anything, and once a version is replaced', async () => {
    const done = await erase({ bodies: [GONE, MIXED] });
    expect(done.reports).toEqual([
      { isFound: true, replaced: null },
      { isFound: true, replaced: { eTag: '"2"', bytes: STAYS.length } },
      { replaced: 'v2', eTag: '"3"' },
    ]);
    expect(done.steps).toEqual(['removed', 'replacing', 'replaced', 'removed']);
    expect(done.bucket.replacedWith).toMatchObject([{ contentType: 'application/x-ndjson' }]);
    const hiding = await erase({ form: damaged, bodies: [STAYS, GONE] });
    expect(hiding.reports).toEqual([{ isFound: true, replaced: null }]);
    expect(hiding.steps).toEqual(['hidden', 'removed']);
  });

  it('leaves nothing to delete where there are no versions', async () => {
    const bucket = withoutVersions();
    const done = await erase({ bucket, bodies: [MIXED] });
    expect(done).toMatchObject({ counts: countsOf({ versions: 1, ...taken }) });
    expect(done.asked).toEqual(['fetch null', 'replace null']);
    expect(usersOf(bucket)).toEqual([['stays']]);
  });

  it('takes a body that nobody can read, but has found nothing by that', async () => {
    const done = await erase({ form: body, bodies: [NOISE] });
    expect(done).toMatchObject({
      counts: countsOf({ versions: 1, deleted: 1, rows: 1, others: 1 }),
      hasFound: false,
      reports: [{ isFound: false, replaced: null }],
    });
    const own = Buffer.from('{"user":{"userID":"gone"}}');
    expect(await erase({ form: body, bodies: [own, NOISE] })).toMatchObject({
      hasFound: true,
      reports: [
        { isFound: true, replaced: null },
        { isFound: false, replaced: null },
      ],
    });
  });

  it('looks at nothing more once it is to end', async () => {
    const stop = new AbortController();
    const bucket = new MemoryBucket();
    const ending = erase({
      bucket,
      bodies: [STAYS, STAYS],
      answers: {
        fetch: async (...given) => {
          stop.abort(new Error('stopped'));
          return bucket.fetch(...given);
        },
      },
      ports: { signal: stop.signal },
    });
    await expect(ending).rejects.toThrow('stopped');
    expect(bucket.asked).toEqual(['fetch v1']);
    expect(readdirSync(directory.path)).toEqual([]);
  });
});

describe('a version that cannot be searched', () => {
  const text = Buffer.from('gone');

  it.each([
    { what: 'is archived', answer: 'archived' as const, why: 'archived' },
    { what: 'is denied', answer: denied, why: 'denied' },
    { what: 'is no copy', form: { form: 'relay' as const }, why: 'unreadable' },
    { what: 'is a broken result', form: result, bytes: gzipSync('"a"').subarray(0, 12), why: 'unreadable' },
    { what: 'is too long to be read as a whole', form: body, size: 256 * MEBIBYTE + 1, why: 'too_large' },
    { what: 'is too long', form: result, size: 2_048 * MEBIBYTE + 1, why: 'too_large' },
  ])('is left if it $what, whether readers get it or not', async ({ answer, form, bytes, size, why }) => {
    const done = await erase({
      ...(form && { form }),
      ...(size && { size }),
      ...(answer && { answers: { fetch: async () => answer } }),
      bodies: [bytes ?? text, bytes ?? text],
    });
    expect(done).toMatchObject({ counts: countsOf({ versions: 2 }), expiring: [], hasFound: false });
    expect(done.left).toEqual([leftOf('v1', why), leftOf('v2', why)]);
    expect(done.denied).toBe(why === 'denied' ? denied.denied : undefined);
  });

  it.each([
    { what: 'a document', form: body, size: 256 * MEBIBYTE },
    { what: 'a result', form: result, size: 2_048 * MEBIBYTE },
  ])('is none if $what is as long as it may be', async ({ form, size }) => {
    expect(await erase({ form, size, bodies: [text] })).toMatchObject({ left: [], counts: { deleted: 1 } });
  });

  it('expires in damaged/, and in the landing behind another version', async () => {
    const older = { key: KEY, isLatest: false, since: NOW };
    const latest = { key: KEY, isLatest: true, since: PUT_AT };
    const bodies = [withMore('stays'), withMore('stays')];
    expect(await erase({ bodies })).toMatchObject({
      counts: countsOf({ versions: 2 }),
      left: [leftOf('v2', 'unread')],
      expiring: [older],
    });
    expect(await erase({ form: damaged, bodies })).toMatchObject({ left: [], expiring: [older, latest] });
  });

  it('begins anew where rows are taken out of it', async () => {
    const bodies = [withMore('gone', 'stays')];
    expect(await erase({ form: damaged, bodies })).toMatchObject({
      left: [],
      expiring: [{ key: KEY, isLatest: true, since: NOW }],
      counts: { rewritten: 1 },
    });
    const landed = await erase({ bodies });
    expect(landed).toMatchObject({
      left: [leftOf('v1', 'unread')],
      expiring: [],
      counts: { rewritten: 1 },
    });
    expect(landed.bucket.bodies(KEY)).toEqual([withMore('stays')]);
    // What is deleted as a whole leaves nothing.
    const clean = [withMore('gone'), STAYS];
    expect(await erase({ form: damaged, bodies: clean })).toMatchObject({ left: [], expiring: [] });
  });

  it('is none in the landing once its rows are in tables, and nothing is left of it then', async () => {
    const asked: string[] = [];
    const isWritten = async ({ versionId }: { readonly versionId: string }) => {
      asked.push(versionId);
      return true;
    };
    const bodies = [STAYS, withMore('gone', 'stays')];
    const done = await erase({ bodies, ports: { isWritten } });
    expect(done).toMatchObject({ left: [], expiring: [], counts: { rewritten: 1, rows: 1 } });
    expect(usersOf(done.bucket)).toEqual([[], ['stays']]);
    expect(await erase({ bodies: [withMore('stays')], ports: { isWritten } })).toMatchObject({ left: [] });
    await erase({ form: damaged, bodies: [withMore('stays')], ports: { isWritten } });
    // Neither an older version nor another place is asked for.
    expect(asked).toEqual(['v2', 'v1']);
    const unwritten = await erase({ bodies, ports: { isWritten: async () => false } });
    expect(unwritten.left).toMatchObject([{ why: 'unread' }]);
  });
});

describe('a change that AWS denies', () => {
  const deny = async () => denied;

  it.each([
    {
      what: 'of what replaces the object',
      answers: { replace: deny },
      bodies: [['gone', 'stays']],
      counts: { versions: 1 },
      version: 'v1',
      users: [['gone', 'stays']],
    },
    {
      what: 'of the version before, which readers no longer get',
      answers: { remove: deny },
      bodies: [['gone', 'stays']],
      counts: { versions: 1, ...taken },
      version: 'v1',
      users: [['stays'], ['gone', 'stays']],
    },
    {
      what: 'of the delete marker',
      form: damaged,
      answers: { hide: deny },
      bodies: [['stays'], ['gone']],
      counts: { versions: 2 },
      version: 'v2',
      users: [['gone'], ['stays']],
    },
    {
      what: 'of the object, which is deleted',
      form: damaged,
      answers: { remove: deny },
      bodies: [['gone']],
      counts: { versions: 1 },
      version: 'v1',
      users: [['gone']],
    },
    {
      what: 'of an older version, over which the object is replaced',
      denies: 'v1',
      bodies: [['gone'], ['gone', 'stays']],
      counts: { versions: 2, ...taken },
      version: 'v1',
      users: [['stays'], ['gone']],
    },
    {
      what: 'of an older version, over which the object is hidden',
      form: damaged,
      denies: 'v1',
      bodies: [['gone'], ['gone']],
      counts: { versions: 2, deleted: 1, rows: 1 },
      version: 'v1',
      users: [null, ['gone']],
    },
  ])('is noted: $what', async ({ form, answers, denies, bodies, counts, version, users }) => {
    const bucket = new MemoryBucket();
    const remove: EraseBucket['remove'] = async (removed, ifRead) =>
      removed.versionId === denies ? denied : bucket.remove(removed, ifRead);
    const done = await erase({
      bucket,
      ...(form && { form }),
      answers: answers ?? { remove },
      bodies: bodies.map((each) => landedUsers(...each)),
    });
    expect(done).toMatchObject({
      left: [leftOf(version, 'denied')],
      counts: countsOf(counts),
      denied: denied.denied,
      hasFound: true,
    });
    expect(usersOf(bucket)).toEqual(users);
  });

  it('is none of a version before that is gone already', async () => {
    const bodies = [MIXED];
    const done = await erase({ bodies, answers: { remove: async () => 'changed' } });
    expect(done).toMatchObject({
      left: [],
      counts: countsOf({ versions: 1, ...taken }),
    });
    expect(done.denied).toBeUndefined();
  });

  it('passes no step', async () => {
    const bodies = [STAYS, GONE];
    expect((await erase({ form: damaged, bodies, answers: { hide: deny } })).steps).toEqual([]);
    expect((await erase({ form: damaged, bodies, answers: { remove: deny } })).steps).toEqual(['hidden']);
  });
});

describe('an object that somebody else changes', () => {
  it('is given up after five looks, with longer and longer pauses between them', async () => {
    const bucket = new MemoryBucket();
    const pauses: number[] = [];
    let tries = 0;
    const changing = erase({
      bucket,
      bodies: [MIXED],
      answers: {
        async replace(version, path, attributes) {
          tries += 1;
          expect(usersIn(readFileSync(path))).not.toContain('gone');
          bucket.put(KEY, landedUsers('gone', `of try ${tries}`));
          return bucket.replace(version, path, attributes);
        },
      },
      ports: { wait: async (ms) => void pauses.push(ms), random: () => 1 },
    });
    await expect(changing).rejects.toMatchObject({
      code: 'SLUICE_ERASE_CHANGING',
      message: expect.stringContaining(KEY),
    });
    expect(tries).toBe(5);
    expect(pauses).toEqual([200, 400, 800, 1_600]);
    expect(usersOf(bucket)[0]).toEqual(['gone', 'of try 5']);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it.each([
    { when: 'before', hides: [] },
    { when: 'as', hides: ['hide "2"'] },
  ])('is looked at again if it was overwritten $when it is hidden', async ({ when, hides }) => {
    const bucket = new MemoryBucket();
    bucket.put(KEY, landedUsers('older'));
    // An object of before versioning is overwritten under the same ID, as under suspended versioning.
    bucket.keepsVersions = false;
    const done = await erase({
      bucket,
      form: damaged,
      bodies: [GONE],
      answers: {
        async versions(key) {
          if (when === 'before') bucket.put(KEY, STAYS);
          return bucket.versions(key);
        },
        async hide(version) {
          bucket.put(KEY, STAYS);
          return bucket.hide(version);
        },
      },
    });
    expect(done.asked.filter((asked) => asked.startsWith('hide'))).toEqual(hides);
    expect(done.counts).toEqual(countsOf({ versions: 2 }));
    expect(usersOf(bucket)).toEqual([['stays'], ['older']]);
  });

  it.each([
    {
      what: 'has been put again with the same bytes',
      body: GONE,
      counts: { deleted: 2, rows: 1 },
    },
    { what: 'has been deleted', body: null, counts: { deleted: 1, rows: 0 } },
  ])('is looked at again if it $what before it is hidden', async ({ body, counts }) => {
    const bucket = new MemoryBucket();
    let puts = 0;
    const before = () => {
      if (puts === 0) bucket.put(KEY, body);
      puts += 1;
    };
    const done = await erase({
      bucket,
      form: damaged,
      bodies: [STAYS, GONE],
      before,
      answers: {
        // The same bytes have the same ETag.
        versions: async (key) =>
          (await bucket.versions(key)).map((version) => ({
            ...version,
            eTag: version.isLatest ? '"2"' : '"1"',
          })),
        hide: async ({ key }) => {
          bucket.put(key, null);
          return null;
        },
      },
    });
    expect(done.counts).toMatchObject(counts);
    expect(usersOf(bucket)).toEqual([null, ['stays']]);
  });

  it('is kept where there are no versions, if it has other rows by then', async () => {
    const bucket = withoutVersions();
    const before = () => bucket.put(KEY, STAYS);
    const done = await erase({ bucket, form: damaged, bodies: [GONE], before });
    expect(done.counts).toEqual(countsOf({ versions: 1 }));
    expect(usersOf(bucket)).toEqual([['stays']]);
  });

  it.each([
    { dryRun: false, asked: ['fetch v1', 'remove v1', 'fetch v2', 'fetch v2', 'replace v2', 'remove v2'] },
    { dryRun: true, asked: ['fetch v1', 'fetch v2', 'fetch v1', 'fetch v2'] },
  ])('has each version counted once, also in a dry run: $dryRun', async ({ dryRun, asked }) => {
    const bucket = new MemoryBucket();
    let looks = 0;
    const done = await erase({
      bucket,
      bodies: [withMore('gone'), withMore('gone', 'stays')],
      answers: {
        // The latest version is gone when it is looked at first.
        async fetch(version, path) {
          const fetched = await bucket.fetch(version, path);
          looks += version.isLatest ? 1 : 0;
          return version.isLatest && looks === 1 ? null : fetched;
        },
      },
      ports: { dryRun },
    });
    expect(done).toMatchObject({
      counts: countsOf({ versions: 2, ...taken, deleted: 2 }),
      left: [{ why: 'unread' }],
      expiring: [],
      asked,
    });
  });

  it('is not looked at again for an older version that is gone', async () => {
    const bucket = new MemoryBucket();
    const done = await erase({
      bucket,
      bodies: [GONE, STAYS],
      answers: {
        fetch: async (version, path) => (version.isLatest ? bucket.fetch(version, path) : null),
      },
    });
    expect(done).toMatchObject({ counts: countsOf({ versions: 2 }), asked: ['fetch v2'], hasFound: false });
  });
});

it.each([
  {
    what: 'waits while the load is under way',
    text: '"gone"',
    isUnderWay: true,
    counts: { versions: 1, waiting: 1 },
    hasFound: true,
    asked: [KEY],
  },
  {
    what: 'is deleted after it',
    text: '"gone"',
    isUnderWay: false,
    counts: { versions: 1, deleted: 1, rows: 1 },
    hasFound: true,
    asked: [KEY],
  },
  {
    what: 'stays without the unit, of whose load nobody is asked',
    text: '"stays"',
    isUnderWay: true,
    counts: { versions: 1 },
    hasFound: false,
    asked: [],
  },
])('a file of a load $what', async ({ text, isUnderWay, counts, hasFound, asked }) => {
  const askedFor: string[] = [];
  const isLoading = async (key: string) => {
    askedFor.push(key);
    return isUnderWay;
  };
  const bodies = [Buffer.from(text)];
  const done = await erase({ form: { form: 'load' }, bodies, ports: { isLoading } });
  expect(done).toMatchObject({ counts: countsOf(counts), hasFound });
  // No other object is of a load.
  await erase({ form: result, bodies, ports: { isLoading } });
  expect(askedFor).toEqual(asked);
});

it('an erasure needs nobody to follow its steps, and knows no loads by itself', async () => {
  const ports = { faultPoint: undefined };
  const bodies = [STAYS, GONE];
  expect((await erase({ form: damaged, bodies, ports })).counts.deleted).toBe(1);
  const mixed = await erase({ bodies: [MIXED], ports });
  expect(mixed.counts.rewritten).toBe(1);
  const load = await erase({ form: { form: 'load' }, bodies: [Buffer.from('"gone"')], ports });
  expect(load.counts.deleted).toBe(1);
});

describe('turns', () => {
  it('let one in at a time, and nobody once one has failed', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const work =
      (name: string, fails = false) =>
      async () => {
        seen.push(`${name} begins`);
        await Promise.resolve();
        seen.push(`${name} ends`);
        if (fails) throw new Error(`${name} failed`);
        return name;
      };
    const taken = [turns.take(work('a')), turns.take(work('b', true)), turns.take(work('c'))];
    expect(await Promise.allSettled(taken)).toMatchObject([
      { value: 'a' },
      { reason: { message: 'b failed' } },
      { reason: { message: 'b failed' } },
    ]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });
});
