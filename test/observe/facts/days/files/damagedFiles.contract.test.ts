import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MINUTE_MS, type UtcDay } from '../../../../../lib/base/time.ts';
import type { TableKind } from '../../../../../lib/schema/kinds.ts';
import { ledgerKey } from '../../../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../../../lib/tables/tableFolders.ts';
import {
  readDamagedEntries,
  readDamagedFiles,
} from '../../../../../observe/facts/days/files/damagedFiles.ts';
import { startLanding } from '../../../startLanding.ts';

const landing = await startLanding();
const { config, clock } = landing;
beforeAll(() => landing.keepVersions());
afterEach(() => landing.empty());
afterAll(() => landing.close());

const PARQUET = Buffer.from('rows PAR1');
const NO_PARQUET = Buffer.from('no table');
// The clock is in the 23rd.
const TODAY = '2026-11-23';
const OLDER = '2026-11-20';

/** The key of an object in the folder of a day. */
const keyOf = (day: UtcDay, name: string, kind: TableKind = 'events') =>
  `${dayFolder(config, kind, day)}${name}`;
/**
 * The key of a file of Sluice, by the last digit of its name. Versions outlive a test, so that each test has files of its own.
 */
const ownKey = (day: UtcDay, digit: number, kind: TableKind = 'events') =>
  keyOf(day, `sluice-1-${day}-10-00-00-46d8a8cc-5cf7-4dee-a88d-cbae7217487${digit}.parquet`, kind);

/** Puts an object a minute after what was put before. @returns The time, ISO 8601 to the second, as S3 has it. */
async function put(key: string, bytes: Uint8Array): Promise<string> {
  clock.advance(MINUTE_MS);
  await landing.put(key, bytes);
  return new Date(Math.floor(clock.now() / 1_000) * 1_000).toISOString();
}
/** Puts a file of Sluice, and other bytes in its place. @returns When it was replaced. */
async function replace(key: string, by: Uint8Array): Promise<string> {
  await put(key, PARQUET);
  return put(key, by);
}

/** What an object had in a version. */
async function textOf(key: string, version: string | null): Promise<string | undefined> {
  const asked = { Bucket: config.bucket, Key: key, VersionId: version ?? 'none' };
  const { Body } = await landing.s3.send(new GetObjectCommand(asked));
  return Body?.transformToString();
}

/** A day that could not be curated, but for which and why. */
const FAILED = { message: 'It failed.', since: 1, last: 2, waits: false, replaced: undefined };
const UNREADABLE = 'SLUICE_CURATE_FILE_UNREADABLE';
interface FailedDay {
  readonly day: UtcDay;
  readonly code: string;
}

/** What is found where days of events could not be curated. */
const found = (...failed: readonly FailedDay[]) =>
  readDamagedFiles({ s3: landing.s3, config, now: clock.now() }, [
    { kind: 'events', failed: failed.map((one) => ({ ...FAILED, ...one })) },
  ]);
const keysFound = async (...failed: readonly FailedDay[]) => (await found(...failed)).map(({ key }) => key);

describe('a file of Sluice', () => {
  it('is told if what replaced it is no Parquet, or empty, the last replaced first', async () => {
    const first = ownKey('2026-11-21', 1);
    const empty = ownKey(TODAY, 2);
    const refused = ownKey(TODAY, 3, 'quarantine');
    const firstAt = await replace(first, NO_PARQUET);
    const emptyAt = await replace(empty, new Uint8Array());
    const refusedAt = await replace(refused, NO_PARQUET);
    const events = { table: config.tables.events, strayVersions: null };
    expect(await found()).toEqual([
      {
        table: config.tables.quarantine,
        day: TODAY,
        key: refused,
        replacedAt: refusedAt,
        strayVersions: null,
      },
      { ...events, day: TODAY, key: empty, replacedAt: emptyAt },
      { ...events, day: '2026-11-21', key: first, replacedAt: firstAt },
    ]);
  });

  it('is not told if Parquet replaced it, as by an erasure', async () => {
    await replace(ownKey(TODAY, 4), Buffer.from('fewer rows PAR1'));
    expect(await keysFound()).toEqual([]);
  });

  it('is not told if nothing was there before', async () => {
    await put(ownKey(TODAY, 5), NO_PARQUET);
    expect(await keysFound()).toEqual([]);
  });

  it('is not told if what replaced it is deleted', async () => {
    await replace(ownKey(TODAY, 6), NO_PARQUET);
    await landing.store.removeAll([{ key: ownKey(TODAY, 6), eTag: '*' }]);
    expect(await keysFound()).toEqual([]);
  });
});

describe('an object of others', () => {
  it('is told if it is no Parquet, with its versions, and after files of Sluice', async () => {
    const own = ownKey(TODAY, 7);
    const notes = keyOf(TODAY, 'notes.txt');
    await replace(own, NO_PARQUET);
    await put(notes, Buffer.from('a text'));
    const notesAt = await put(notes, Buffer.from('a longer text'));
    const [file, other] = await found();
    expect(file).toMatchObject({ key: own, strayVersions: null });
    const { strayVersions, ...about } = other ?? { strayVersions: null };
    expect(about).toEqual({ table: config.tables.events, day: TODAY, key: notes, replacedAt: notesAt });
    const texts = await Promise.all((strayVersions ?? []).map((version) => textOf(notes, version)));
    expect(texts).toEqual(['a longer text', 'a text']);
  });

  it.each([
    {
      what: 'its name begins as of objects that no query reads',
      name: '_SUCCESS',
      bytes: Buffer.from('done'),
    },
    { what: 'it is empty', name: 'empty.txt', bytes: new Uint8Array() },
    { what: "it is Parquet, as of Statsig's own forwarding", name: 'of-statsig', bytes: PARQUET },
  ])('is not told if $what, even if it was put twice', async ({ name, bytes }) => {
    await put(keyOf(TODAY, name), bytes);
    await put(keyOf(TODAY, name), bytes);
    expect(await keysFound()).toEqual([]);
  });

  it('hides neither a file of Sluice nor the newest of others, however many there are', async () => {
    await replace(ownKey(TODAY, 8), NO_PARQUET);
    for (let i = 0; i <= 20; i += 1) await put(keyOf(TODAY, `of-statsig-${i}`), PARQUET);
    await put(keyOf(TODAY, 'notes.txt'), NO_PARQUET);
    expect(await keysFound()).toEqual([ownKey(TODAY, 8), keyOf(TODAY, 'notes.txt')]);
  });
});

describe('the days that are looked at', () => {
  it('are today and the two days before', async () => {
    await replace(ownKey('2026-11-21', 2), NO_PARQUET);
    await replace(ownKey(OLDER, 2), NO_PARQUET);
    expect(await keysFound()).toEqual([ownKey('2026-11-21', 2)]);
  });

  it.each([
    { are: 'are', code: UNREADABLE, keys: [ownKey(OLDER, 1)] },
    { are: 'are not', code: 'SLUICE_CURATE_KILLED', keys: [] },
  ])('$are older ones that could not be curated because of $code', async ({ code, keys }) => {
    await replace(ownKey(OLDER, 1), NO_PARQUET);
    expect(await keysFound({ day: OLDER, code })).toEqual(keys);
  });

  it('are the first ten of older ones, beside those that are looked at anyway', async () => {
    const days = Array.from({ length: 11 }, (_, i): UtcDay => `2026-10-${30 - i}`);
    const failed = [TODAY, ...days].map((day) => ({ day, code: UNREADABLE }));
    await replace(ownKey('2026-10-21', 1), NO_PARQUET);
    await replace(ownKey('2026-10-20', 2), NO_PARQUET);
    expect(await keysFound(...failed)).toEqual([ownKey('2026-10-21', 1)]);
  });
});

describe('a damaged object of the ledger', () => {
  const damagedEntries = (...keys: readonly string[]) => readDamagedEntries({ s3: landing.s3, config }, keys);

  it('has the time of its last version, and the newest earlier version with other bytes', async () => {
    const key = ledgerKey('acme', 'events', '2026-11-19');
    let writtenAt = '';
    for (const text of ['{}', 'junk', 'junk']) writtenAt = await put(key, Buffer.from(text));
    const [{ versionBefore = null, ...entry } = {}] = await damagedEntries(key);
    expect(entry).toEqual({ key, writtenAt });
    expect(await textOf(key, versionBefore)).toBe('{}');
  });

  it('that was never another one has no version before, and comes by its key', async () => {
    const keys = [ledgerKey('acme', 'orders', '2026-11-20'), ledgerKey('acme', 'orders', '2026-11-19')];
    for (const key of keys) await put(key, NO_PARQUET);
    expect(await damagedEntries(...keys)).toMatchObject([
      { key: keys[1], versionBefore: null },
      { key: keys[0], versionBefore: null },
    ]);
  });

  it('that somebody deleted since has no time, and the version before that', async () => {
    const key = ledgerKey('acme', 'events', '2026-11-21');
    await put(key, NO_PARQUET);
    await landing.store.removeAll([{ key, eTag: '*' }]);
    const [{ versionBefore = null, ...entry } = {}] = await damagedEntries(key);
    expect(entry).toEqual({ key, writtenAt: null });
    expect(await textOf(key, versionBefore)).toBe('no table');
  });
});
