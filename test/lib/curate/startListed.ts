import { expect } from '@jest/globals';
import { addDays, HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import { planMessages } from '../../../lib/curate/planMessages.ts';
import { rawDays, readRawDay } from '../../../lib/curate/RawDays.ts';
import { namedFiles } from '../../../lib/ledger/erasureNotes.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { curatedSubject, dayLooksKey, ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { landingOf } from '../../harness/ComputedObjects.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

export const START = Date.parse('2026-11-20T00:20:00Z');

const NEWEST = '2026-11-17';

const VERSION = '20261101T000000000Z-00000001';

export const CHECK = { sluice: 'curate-check' };

export const NIGHT = { sluice: 'curate' };

/** Milliseconds that the function has for one batch, without its margin. */
export const TIME_MS = 255_000;

/** What a listing of the raw files of a day waits for. */
type Wait = (kind: ForwardedKind, day: UtcDay) => Promise<void>;

/** Days that are over, the newest first. */
export const lastDays = (count: number) => Array.from({ length: count }, (_, i) => addDays(NEWEST, -i));

/** The day whose raw files are listed by a call on this key or folder; undefined for any other. */
export function rawDayOf(key: string): UtcDay | undefined {
  return /statsig_forwarded_[a-z]+\/[^/]+\/(\d{4}-\d\d-\d\d)\/$/.exec(key)?.[1];
}

/** Tables of days that views read, each with a raw file and a version of it, in a store that counts. */
export async function startListed(
  days: Partial<Record<ForwardedKind, readonly UtcDay[]>>,
  input: Partial<ConfigInput> = {},
) {
  const clock = new ManualClock(START);
  const config = defineConfig({ bucket: 'own', curate: true, timeWindow: { pastDays: 7 }, ...input });
  const store = new MemoryObjects(clock);
  store.pageKeys = 1_000;
  const timing = { clock, wait: async (ms: number) => clock.advance(Math.ceil(ms)), random: () => 0 };
  const ledger = new Ledger({ store: ledgerStore(store), newToken: () => 't', ...timing });
  const listed = listedDays(store);
  const raw = (deadline: number) => rawDays(store, config, { ...timing, deadline });
  const sent: { readonly kind: string; readonly day: string; readonly reason: string }[] = [];
  const logged: Record<string, unknown>[] = [];
  const partitions = { exposures: new Map<string, string>(), events: new Map<string, string>() };
  const rawKey = (kind: ForwardedKind, day: UtcDay, name = 'a') =>
    `${dayFolder(config, kind, day)}${name}.parquet`;
  const fileKey = (kind: ForwardedKind, day: UtcDay) =>
    `${versionPrefix(config, config.curatedTables[kind], day, VERSION)}rows.parquet`;

  for (const kind of ['exposures', 'events'] as const) {
    const list: Record<UtcDay, { version: string; shape: string; fingerprint: string }> = {};
    const shape = curatedShape(curatedTables(config)[kind]);
    for (const day of days[kind] ?? []) {
      await store.write(rawKey(kind, day), 'rows');
      await store.write(fileKey(kind, day), 'rows');
      const { fingerprint, files } = await readRawDay(raw(Number.POSITIVE_INFINITY), kind, day);
      const place = curatedSubject(config, kind, day);
      const entry = {
        ...place,
        state: 'succeeded',
        fingerprint,
        attempts: 1,
        files: [],
        rows: { in: 1, out: 1, refused: 0 },
        bytes: 4,
        version: VERSION,
        filesWritten: ['rows.parquet'],
        superseded: [],
        curated: {
          shape,
          ended: VERSION,
          inputs: files.map(({ eTag }) => ({ name: 'a.parquet', eTag })),
        },
        updatedAt: 0,
        token: 't',
      };
      await store.write(ledgerKey(place.source, place.dataset, day), JSON.stringify(entry));
      list[day] = { version: VERSION, shape, fingerprint };
      partitions[kind].set(day, VERSION);
    }
    await listed.write(kind, list, null);
  }

  const run = async (message: object, more: { readonly time?: number; readonly before?: Wait } = {}) => {
    const deadline = clock.now() + (more.time ?? TIME_MS);
    const { before = async () => {} } = more;
    const days = raw(deadline);
    const { batchItemFailures } = await planMessages(
      {
        config,
        bucket: 'own',
        stage: 'test',
        raw: {
          ...days,
          async files(kind, day, ...rest) {
            await before(kind, day);
            return days.files(kind, day, ...rest);
          },
        },
        landing: landingOf(store),
        ledger,
        listed,
        ...timing,
        deadline,
        views: {
          read: async () => null,
          async partitions(table, token) {
            const kind = table === config.curatedTables.events ? 'events' : 'exposures';
            const all = [...partitions[kind]];
            const from = Number(token ?? 0);
            const items = all.slice(from, from + 1_000).map(([day, version]) => ({
              day,
              location: `s3://own/${versionPrefix(config, table, day, version)}`,
            }));
            return { items, next: from + 1_000 < all.length ? String(from + 1_000) : undefined };
          },
        },
        tasks: { send: async (bodies) => void sent.push(...bodies.map((body) => JSON.parse(body))) },
        log: (fields) => void logged.push(fields),
      },
      [{ messageId: '0', body: JSON.stringify(message), receives: 1 }],
    );
    return batchItemFailures.length === 0;
  };

  return {
    clock,
    config,
    store,
    ledger,
    logged,
    partitions,
    rawKey,
    fileKey,
    run,
    /** Runs as the schedules do, from an hour to the next. @returns After how many hours it ended; null if it did not. */
    async hours(count: number, isOver: () => Promise<boolean> | boolean) {
      for (let hour = 1; hour <= count; hour += 1) {
        clock.advance(HOUR_MS);
        await run(CHECK);
        if (hour % 24 === 0) await run(NIGHT);
        if (await isOver()) return hour;
      }
      return null;
    },
    /** Has the listed version of a day keep the rows of its raw file, which is gone. Another file is there, too. */
    async keep(kind: ForwardedKind, day: UtcDay): Promise<void> {
      await store.write(rawKey(kind, day, 'c'), 'more');
      await store.remove(rawKey(kind, day), '*');
      const { fingerprint, files } = await readRawDay(raw(Number.POSITIVE_INFINITY), kind, day);
      const inputs = [...namedFiles(day, files)];
      await ledger.change(curatedSubject(config, kind, day), (known) => {
        const { curated } = known;
        const kept = { files: [...(curated?.inputs ?? [])], rows: 1, since: 0 };
        return { entry: { ...known, fingerprint, curated: { ...curated, inputs, kept } } };
      });
      const { days: list = {}, eTag = null } = (await listed.read(kind)) ?? {};
      const entry = list[day];
      if (entry === undefined) throw new RangeError(`${day} is not listed.`);
      await listed.write(kind, { ...list, [day]: { ...entry, fingerprint, keeps: true } }, eTag);
    },
    listed: async (kind: ForwardedKind) => Object.keys((await listed.read(kind))?.days ?? {}),
    entryOf: async (kind: ForwardedKind, day: UtcDay) => (await listed.read(kind))?.days[day],
    looks: async (kind: ForwardedKind): Promise<Record<string, object>> =>
      JSON.parse((await store.read(dayLooksKey(kind)))?.text ?? '{}'),
    /** The tasks that were sent, which are taken away. */
    takeSent: () => sent.splice(0).map(({ kind, day, reason }) => `${kind} ${day} ${reason}`),
    /** What a run asks of the bucket, and which days it lists. */
    async asks(message: object) {
      const looked = new Set<string>();
      store.onCall = (key) => {
        const day = rawDayOf(key);
        if (day !== undefined) looked.add(day);
      };
      store.take();
      expect(await run(message)).toBe(true);
      store.onCall = () => {};
      return { ...store.take(), looked: [...looked].sort() };
    },
  };
}

/** What {@link startListed} starts. */
export type Listed = Awaited<ReturnType<typeof startListed>>;
