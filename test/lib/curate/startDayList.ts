import { randomUUID } from 'node:crypto';
import { exclusive } from '../../../lib/base/concurrency.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { type ListedDay, listDays, listedDays, takeOutDay } from '../../../lib/curate/ListedDays.ts';
import type { CuratedDay } from '../../../lib/ledger/CuratedDay.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { fingerprintFiles, type LedgerContent } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

/** The curated day of the suites. */
export const DAY = '2026-11-16';
/** The day before it, which has no raw files. */
export const OTHER = '2026-11-15';
/** What the clock shows at first. */
export const START = Date.UTC(2026, 10, 20);
/** A configuration that curates days. */
export const config = defineConfig({
  bucket: 'own',
  curate: true,
  retention: { forwardedDays: 30 },
  timeWindow: { futureDays: 1 },
});
const shape = curatedShape(curatedTables(config).events);
/** A raw file of a day, as a listing has it. */
export const file = (name: string, eTag = '"1"', day = DAY) => ({
  key: `${dayFolder(config, 'events', day)}${name}`,
  eTag,
  size: 1,
});
/** A raw file, as an entry of the ledger has it. */
export const named = (name: string, eTag = '"1"') => ({ name, eTag });
/** A day of the list whose version was made of the raw file `a`. */
export const listed = (version: string, more: Partial<ListedDay> = {}): ListedDay => ({
  version,
  shape,
  fingerprint: fingerprintFiles([file('a')]),
  ...more,
});

/** A list of days in a bucket in memory, in which nothing is listed, with a ledger and the raw file `a` of {@link DAY}. */
export function startDayList() {
  const clock = new ManualClock(START);
  const store = new MemoryObjects(clock);
  const timing = { clock, wait: async () => undefined, random: () => 0 };
  const ledger = new Ledger({ store: ledgerStore(store), newToken: randomUUID, ...timing });
  const rawFiles = new Map([[DAY, [file('a')]]]);
  const raw = { files: async (_: string, day: string) => rawFiles.get(day) ?? [], alone: exclusive() };
  const keeper = { config, raw, ledger, listed: listedDays(store), ...timing };
  return {
    clock,
    store,
    /** The raw files that are there, by day; to be changed by a test. */
    rawFiles,
    keeper,
    list: (day: string, entry: ListedDay) => listDays(keeper, 'events', new Map([[day, entry]])),
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
