import { describe, expect, it } from '@jest/globals';
import { exclusive } from '../../../lib/base/concurrency.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { checkDays } from '../../../lib/curate/checkDays.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { type ListedDay, listDay, listedDays, takeOutDay } from '../../../lib/curate/ListedDays.ts';
import { TAKEN_BACK_MS } from '../../../lib/curate/limits.ts';
import { lostFiles } from '../../../lib/curate/lostFiles.ts';
import type { CuratedDay } from '../../../lib/ledger/CuratedDay.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { fingerprintFiles, type LedgerContent } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { curatedDaysKey, curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { settlement } from '../../harness/ledgerEntry.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const DAY = '2026-11-16';
const OTHER = '2026-11-15';
const START = Date.UTC(2026, 10, 20);
const config = defineConfig({
  bucket: 'own',
  curate: true,
  retention: { forwardedDays: 30 },
  timeWindow: { futureDays: 1 },
});
const shape = curatedShape(curatedTables(config).events);
const file = (name: string, eTag = '"1"', day = DAY) => ({
  key: `${dayFolder(config, 'events', day)}${name}`,
  eTag,
  size: 1,
});
const named = (name: string, eTag = '"1"') => ({ name, eTag });
const listed = (version: string, more: Partial<ListedDay> = {}): ListedDay => ({
  version,
  shape,
  fingerprint: fingerprintFiles([file('a')]),
  ...more,
});

function start() {
  const clock = new ManualClock(START);
  const store = new MemoryObjects(clock);
  const timing = { clock, wait: async () => undefined, random: () => 0 };
  const ledger = new Ledger({ store: ledgerStore(store), newToken: () => String(Math.random()), ...timing });
  /** Raw files that are there. */
  const there = new Map([[DAY, [file('a')]]]);
  const raw = { files: async (_: string, day: string) => there.get(day) ?? [], alone: exclusive() };
  const keeper = { config, raw, ledger, listed: listedDays(store), ...timing };
  return {
    clock,
    store,
    there,
    keeper,
    list: (day: string, entry: ListedDay) => listDay(keeper, 'events', day, entry),
    takeOut: (day: string, seen: ListedDay) => takeOutDay(keeper, 'events', day, seen),
    days: async () => (await keeper.listed.read('events'))?.days ?? {},
    /** Notes a day in the ledger, made of raw files. */
    settle: (
      inputs: readonly { name: string; eTag: string }[],
      more: Partial<CuratedDay> = {},
      state: LedgerContent['state'] = 'succeeded',
    ) =>
      ledger.change(curatedSubject(config, 'events', DAY), (known) => ({
        entry: {
          ...known,
          state,
          version: 'v1',
          curated: { inputs: [...inputs], ...more },
        },
      })),
  };
}

describe('the list of days that views read', () => {
  it('gets a day, keeps what others have put there meanwhile, and never goes back to an earlier version', async () => {
    const { store, list, days } = start();
    await list(OTHER, listed('v1'));
    // Another writer comes first, twice.
    store.faults = ['conflict', 'conflict'];
    expect(await list(DAY, listed('v2'))).toBe(true);
    expect(await days()).toEqual({ [OTHER]: listed('v1'), [DAY]: listed('v2') });
    expect(await list(DAY, listed('v1'))).toBe(false);
    expect(await list(DAY, listed('v2'))).toBe(false);
    expect(await days()).toMatchObject({ [DAY]: { version: 'v2' } });
    // The same version, which is known to keep rows since.
    expect(await list(DAY, listed('v2', { keeps: true }))).toBe(true);
    expect(await list(DAY, listed('v3'))).toBe(true);
  });

  it('is not changed by a writer that never comes first, which says so', async () => {
    const { store, list } = start();
    store.faults = Array(20).fill('conflict');
    await expect(list(DAY, listed('v1'))).rejects.toMatchObject({ code: 'SLUICE_CURATE_LIST_BUSY' });
  });

  it('loses a day that is taken out as it was seen, and no other', async () => {
    const { list, takeOut, days, settle } = start();
    await settle([named('a')]);
    await list(OTHER, listed('v1'));
    await list(DAY, listed('v2'));
    for (const seen of [listed('v1'), listed('v2', { shape: 'x' }), listed('v2', { fingerprint: 'x' })])
      await takeOut(DAY, seen);
    expect(Object.keys(await days()).sort()).toEqual([OTHER, DAY]);
    expect(await takeOut(DAY, listed('v2'))).toEqual({ left: [DAY], uncounted: [] });
    expect(await days()).toEqual({ [OTHER]: listed('v1') });
  });

  it('keeps a day that has lost raw files, and marks it', async () => {
    const { list, takeOut, days, settle, there } = start();
    await settle([named('a'), named('gone')]);
    await list(DAY, listed('v1'));
    expect(await takeOut(DAY, listed('v1'))).toEqual({ left: [], uncounted: [] });
    expect(await days()).toEqual({ [DAY]: listed('v1', { keeps: true }) });
    there.set(DAY, [file('a'), file('gone')]);
    expect(await takeOut(DAY, listed('v1', { keeps: true }))).toMatchObject({ left: [DAY] });
    expect(await days()).toEqual({});
  });

  it('names days whose lost files no version has counted, once the writer can no longer have taken them back', async () => {
    const { clock, list, takeOut, settle } = start();
    const uncounted = async () => (await takeOut(DAY, listed('v1'))).uncounted;
    await list(DAY, listed('v1'));
    await settle([named('gone')]);
    clock.advance(TAKEN_BACK_MS);
    expect(await uncounted()).toEqual([]);
    clock.advance(1);
    expect(await uncounted()).toEqual([DAY]);
    await settle([], { kept: { files: [named('gone')], rows: 1, since: 0 } });
    clock.advance(TAKEN_BACK_MS + 1);
    expect(await uncounted()).toEqual([]);
    // The night tries one again that failed.
    await settle([named('gone')], {}, 'failed');
    clock.advance(TAKEN_BACK_MS + 1);
    expect(await uncounted()).toEqual([]);
  });

  it('is empty while it is damaged, and a ledger entry that cannot be read keeps no day', async () => {
    const { store, list, takeOut, days } = start();
    await list(DAY, listed('v1'));
    await store.write('ledger/curated/events/2026-11-16.json', '{}');
    expect(await takeOut(DAY, listed('v1'))).toMatchObject({ left: [DAY] });
    await store.write(curatedDaysKey('events'), '{');
    expect(await days()).toEqual({});
  });

  it('is checked against raw files and the shape, of the days that are asked for', async () => {
    const { keeper, list, days, settle, there } = start();
    await settle([named('a')]);
    await list(DAY, listed('v1'));
    await list(OTHER, listed('v1'));
    expect(await checkDays(keeper, 'events', { isLooked: (day) => day === DAY })).toEqual({
      left: [],
      uncounted: [],
    });
    there.set(DAY, [file('a'), file('late')]);
    expect(await checkDays(keeper, 'events', { isLooked: (day) => day === OTHER })).toMatchObject({
      left: [OTHER],
    });
    expect(await checkDays(keeper, 'events')).toMatchObject({ left: [DAY] });
    there.set(DAY, [file('a')]);
    await list(DAY, listed('v2', { shape: 'old' }));
    expect(await checkDays(keeper, 'events')).toMatchObject({ left: [DAY] });
    expect(await days()).toEqual({});
  });
});

describe('a raw file of a curated day', () => {
  const entry = (curated: CuratedDay, more: Partial<LedgerContent> = {}): LedgerContent => ({
    ...curatedSubject(config, 'events', DAY),
    ...settlement(),
    attempts: 1,
    version: 'v1',
    curated,
    ...more,
  });
  const inputs = [named('a'), named('b')];
  const lost = (known: LedgerContent | null, files = [file('a')], now = START) =>
    lostFiles(config, known, files, now).map(({ name }) => name);

  it('is lost if it is gone or is another file by now', () => {
    expect(lost(entry({ inputs }))).toEqual(['b']);
    expect(lost(entry({ inputs }), [file('a'), file('b', '"2"')])).toEqual(['b']);
    expect(lost(entry({ inputs }), [file('a'), file('b')])).toEqual([]);
    expect(lost(null)).toEqual([]);
    expect(lost(entry({ inputs }, { version: undefined }))).toEqual([]);
  });

  it('is not lost once retention may have taken it: first files came before the day', () => {
    // The 30 days of the day's first file end a day before those of the day.
    const end = Date.UTC(2026, 11, 15);
    expect(lost(entry({ inputs }), [], end - 1)).toEqual(['a', 'b']);
    expect(lost(entry({ inputs }), [], end)).toEqual([]);
  });

  it('is there if erasures have replaced it, one after the other, and as it was before them', () => {
    const replaced = (from: string, to: string) => [{ name: named('a').name, from, to }];
    const first = replaced('"3"', '"4"');
    const second = replaced(named('a').eTag, '"3"');
    const note = { id: 'e', at: START };
    const erasures = [
      { ...note, replaced: first },
      { ...note, id: 'other', replaced: second },
    ];
    const known = entry({ inputs }, { erasures });
    for (const there of [file('a'), file('a', '"3"'), file('a', '"4"')])
      expect(lost(known, [there])).toEqual(['b']);
    // Somebody else has put another file in its place since, or it is gone.
    expect(lost(known, [file('a', '"5"')])).toEqual(['a', 'b']);
    expect(lost(known, [])).toEqual(['a', 'b']);
    expect(
      lost(entry({ inputs }, { erasures: [{ ...note, replaced: [] }] }), [file('a', '"2"'), file('b')]),
    ).toEqual(['a']);
  });

  it('counts for a version that the partition may have, once all slices of it are made', () => {
    const slice = { rawRows: 1, kept: 0, rows: 1, resends: 0, differing: 0, sliceRows: 1 };
    const run = { version: 'v2', fingerprint: 'f', shape: 's', inputs: [named('c')], bytes: 1, slices: 1 };
    const done = [{ ...slice, files: [] }];
    expect(lost(entry({ inputs: [named('a')], run: { ...run, done } }))).toEqual(['c']);
    expect(lost(entry({ inputs: [named('a')], run: { ...run, done: [] } }))).toEqual([]);
  });

  it('that is lost since an earlier version is so until it is back, or somebody drops its rows', () => {
    const kept = { files: [named('c')], rows: 1, since: 0 };
    expect(lost(entry({ inputs: [named('a')], kept }))).toEqual(['c']);
    expect(lost(entry({ inputs: [named('a')], kept: { ...kept, accepted: 'keep' } }))).toEqual(['c']);
    expect(lost(entry({ inputs: [named('a')], kept: { ...kept, accepted: 'drop' } }))).toEqual([]);
    expect(lost(entry({ inputs, kept: { ...kept, accepted: 'drop' } }))).toEqual(['b']);
    expect(lost(entry({ inputs: [named('a')], kept }), [file('a'), file('c')])).toEqual([]);
  });
});
