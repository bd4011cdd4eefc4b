import { describe, expect, it } from '@jest/globals';
import { addDays, DAY_MS, HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { CurateError } from '../../../lib/curate/CurateError.ts';
import { windowDays } from '../../../lib/curate/curateDays.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import { MOST_DAYS_A_NIGHT, PUBLISH_MS } from '../../../lib/curate/limits.ts';
import { planMessages } from '../../../lib/curate/planMessages.ts';
import { rawDays, readRawDay } from '../../../lib/curate/RawDays.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { curatedFolder, curatedSubject, dayLooksKey, ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { landingOf } from '../../harness/ComputedObjects.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const START = Date.parse('2026-11-20T00:20:00Z');
const NEWEST = '2026-11-17';
const VERSION = '20261101T000000000Z-00000001';
const CHECK = { sluice: 'curate-check' };
const NIGHT = { sluice: 'curate' };
/** Milliseconds that the function has for one batch, without its margin. */
const TIME_MS = 255_000;

/** What a listing of the raw files of a day waits for. */
type Wait = (kind: ForwardedKind, day: UtcDay) => Promise<void>;

/** Days that are over, the newest first. */
const lastDays = (count: number) => Array.from({ length: count }, (_, i) => addDays(NEWEST, -i));

/** Tables of days that views read, each with a raw file and a version of it, in a store that counts. */
async function startDays(
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
    listed: async (kind: ForwardedKind) => Object.keys((await listed.read(kind))?.days ?? {}),
    entryOf: async (kind: ForwardedKind, day: UtcDay) => (await listed.read(kind))?.days[day],
    looks: async (kind: ForwardedKind) => JSON.parse((await store.read(dayLooksKey(kind)))?.text ?? '{}'),
    /** The tasks that were sent, which are taken away. */
    takeSent: () => sent.splice(0).map(({ kind, day, reason }) => `${kind} ${day} ${reason}`),
    /** What a run asks of the bucket, and which days it lists. */
    async asks(message: object) {
      const looked = new Set<string>();
      store.onCall = (key) => {
        const [, day] = /statsig_forwarded_[a-z]+\/[^/]+\/(\d{4}-\d\d-\d\d)\/$/.exec(key) ?? [];
        if (day !== undefined) looked.add(day);
      };
      store.take();
      expect(await run(message)).toBe(true);
      store.onCall = () => {};
      return { ...store.take(), looked: [...looked].sort() };
    },
  };
}

describe('a run that ends before it has looked at all days', () => {
  it('has sent what it found, and the next one begins with the days that were looked at longest ago', async () => {
    const days = lastDays(300);
    const started = await startDays({ exposures: days });
    const { store, clock, run, looks, takeSent } = started;
    // Each has a new raw file.
    for (const day of days) await store.write(started.rawKey('exposures', day, 'b'), 'more');
    const order: string[] = [];
    store.onCall = (key) => {
      const [, day] = /statsig_forwarded_exposures\/[^/]+\/(\d{4}-\d\d-\d\d)\/$/.exec(key) ?? [];
      if (day === undefined) return;
      order.push(day);
      clock.advance(2_000);
    };
    expect(await run(NIGHT)).toBe(true);
    expect(takeSent()).toHaveLength(MOST_DAYS_A_NIGHT);
    const first = Object.keys(await looks('exposures'));
    expect(first.length).toBeGreaterThan(60);
    expect(first.length).toBeLessThan(120);
    expect(order.slice(0, 50)).toEqual(days.slice(0, 50));
    expect((await started.listed('exposures')).length).toBe(days.length - first.length);
    order.length = 0;
    clock.advance(DAY_MS);
    expect(await run(NIGHT)).toBe(true);
    const window = days.filter((day) => day >= '2026-11-13');
    expect(new Set(order.slice(0, window.length))).toEqual(new Set(window));
    const next = order.slice(window.length + 1);
    expect(next.slice(0, 30)).toEqual(
      days
        .slice(first.length, first.length + 31)
        .filter((day) => next.includes(day))
        .slice(0, 30),
    );
  });

  it.each(['looks at the last days', 'takes days out of the list'])(
    'has noted its place if it is killed while it %s: the next one goes on there',
    async (when) => {
      const days = lastDays(300);
      const { store, clock, run, looks, rawKey, listed, hours, config } = await startDays({
        exposures: days,
      });
      for (const day of days) await store.write(rawKey('exposures', day, 'b'), 'more');
      const order: string[] = [];
      let isKilled = false;
      store.onCall = (key) => {
        const [, day] = /statsig_forwarded_exposures\/[^/]+\/(\d{4}-\d\d-\d\d)\/$/.exec(key) ?? [];
        if (day !== undefined) {
          order.push(day);
          clock.advance(2_000);
        }
        isKilled ||=
          when === 'looks at the last days'
            ? order.length > 80
            : order.length > 80 && key === `${curatedFolder('exposures')}days.json`;
        // A process that is killed calls nobody any more.
        if (isKilled) throw new Error('killed');
      };
      await run(NIGHT).catch(() => {});
      expect(isKilled).toBe(true);
      isKilled = false;
      store.onCall = () => {};
      const first = Object.keys(await looks('exposures'));
      expect(first.length).toBeGreaterThan(40);
      const window = new Set(windowDays(config, clock.now()));
      clock.advance(HOUR_MS);
      const again: string[] = [];
      store.onCall = (key) => {
        const [, day] = /statsig_forwarded_exposures\/[^/]+\/(\d{4}-\d\d-\d\d)\/$/.exec(key) ?? [];
        if (day !== undefined && !window.has(day)) again.push(day);
      };
      await run(CHECK);
      expect(again.slice(0, 100).filter((day) => first.includes(day))).toEqual([]);
      store.onCall = () => {};
      // What it had found is found again, and taken out of the list.
      expect(await hours(2, async () => (await listed('exposures')).length === 0)).not.toBeNull();
    },
  );

  it('does not end what another table needs, whichever of them takes the time', async () => {
    for (const [large, small] of [
      ['exposures', 'events'],
      ['events', 'exposures'],
    ] as const) {
      const { store, clock, run, looks, config } = await startDays({
        [large]: lastDays(400),
        [small]: lastDays(20),
      });
      const folder = `${config.statsigFolder}/statsig_forwarded_${large}`;
      store.onCall = (key) => clock.advance(key.startsWith(folder) ? 3_000 : 0);
      expect(await run(NIGHT)).toBe(true);
      expect(Object.keys(await looks(small))).toHaveLength(20);
      expect(Object.keys(await looks(large)).length).toBeGreaterThan(10);
    }
  });

  it.each([
    ['exposures', 'events'],
    ['events', 'exposures'],
  ] as const)('does not wait for a table whose listings take all of the time: %s', async (slow, other) => {
    const days = lastDays(100);
    const { run, clock, looks } = await startDays({ [slow]: days, [other]: days });
    let calls = 0;
    const isUp = Promise.withResolvers<void>();
    const running = run(NIGHT, {
      async before(kind) {
        calls += 1;
        if (kind === slow) await isUp.promise;
      },
    });
    // Until nobody asks for anything any more.
    for (let seen = -1; seen < calls || calls === 0; ) {
      seen = calls;
      for (let i = 0; i < 100; i += 1) await new Promise(setImmediate);
    }
    clock.advance(TIME_MS - PUBLISH_MS);
    isUp.resolve();
    expect(await running).toBe(true);
    expect(Object.keys(await looks(other))).toHaveLength(days.length);
    expect(await looks(slow)).toEqual({});
  });

  it('stops within the listing of a day, and says of that day that it is left', async () => {
    const { store, clock, run, looks, rawKey, logged } = await startDays({ events: lastDays(2) });
    for (let i = 0; i < 4_500; i += 1) await store.write(rawKey('events', '2026-11-16', `b${i}`), 'x');
    store.onCall = (key) => clock.advance(key.includes('/2026-11-16/') ? 60_000 : 0);
    store.take();
    expect(await run(NIGHT)).toBe(true);
    expect(Object.keys(await looks('events'))).toEqual(['2026-11-17']);
    expect(logged.find(({ event }) => event === 'curate_plan')).toMatchObject({
      tables: [{ kind: 'exposures' }, { kind: 'events', late: 1 }],
    });
    expect(clock.now() - START).toBeLessThan(TIME_MS);
  });

  it('fails if there is no time for a single day, and if days that a person has named are left', async () => {
    const { run, store, clock, takeSent } = await startDays({ events: lastDays(40) });
    expect(await run(NIGHT, { time: PUBLISH_MS - 1 })).toBe(false);
    expect(takeSent()).toEqual([]);
    store.onCall = (key) => clock.advance(key.includes('statsig_forwarded_events/') ? 20_000 : 0);
    const named = { ...NIGHT, days: lastDays(40), kinds: ['events'], asked: 'rebuild' };
    expect(await run(named)).toBe(false);
    expect(takeSent().length).toBeGreaterThan(0);
  });

  it('leaves the views to days that were compared, after a deployment, and puts the others back', async () => {
    const days = lastDays(400);
    const { store, clock, run, listed, hours, config } = await startDays({
      exposures: days,
      events: lastDays(3),
    });
    await run(NIGHT);
    const folder = `${config.statsigFolder}/statsig_forwarded_exposures`;
    store.onCall = (key) => clock.advance(key.startsWith(folder) ? 500 : 0);
    const deployed = {
      source: 'aws.cloudformation',
      'detail-type': 'CloudFormation Stack Status Change',
    };
    expect(await run(deployed)).toBe(true);
    const left = (await listed('exposures')).sort();
    expect(left.length).toBeGreaterThan(50);
    expect(left.length).toBeLessThan(400);
    expect(left).toEqual(days.slice(0, left.length).sort());
    expect(await listed('events')).toHaveLength(3);
    store.onCall = () => {};
    expect(await hours(2, async () => (await listed('exposures')).length === 400)).not.toBeNull();
  });
});

describe('what nothing tells of', () => {
  const OLD = '2026-08-18';
  const days = lastDays(100);
  const HALF = 84;

  it.each([
    [
      'a raw file of an older day that is deleted',
      async ({ store, rawKey }: Awaited<ReturnType<typeof startDays>>) => {
        await store.remove(rawKey('exposures', OLD), '*');
      },
      async ({ takeSent }: Awaited<ReturnType<typeof startDays>>) =>
        takeSent().includes(`exposures ${OLD} kept`),
    ],
    [
      'an old Parquet that is put back under its name',
      async ({ store, rawKey }: Awaited<ReturnType<typeof startDays>>) => {
        await store.write(rawKey('exposures', OLD), 'before an erasure');
      },
      async ({ takeSent }: Awaited<ReturnType<typeof startDays>>) =>
        takeSent().includes(`exposures ${OLD} kept`),
    ],
    [
      'a version without its files',
      async ({ store, fileKey }: Awaited<ReturnType<typeof startDays>>) => {
        await store.remove(fileKey('exposures', OLD), '*');
      },
      async ({ listed }: Awaited<ReturnType<typeof startDays>>) => !(await listed('exposures')).includes(OLD),
    ],
    [
      'a raw file that comes without its event',
      async ({ store, rawKey }: Awaited<ReturnType<typeof startDays>>) => {
        await store.write(rawKey('exposures', OLD, 'b'), 'more');
      },
      async ({ listed }: Awaited<ReturnType<typeof startDays>>) => !(await listed('exposures')).includes(OLD),
    ],
  ])('is found within half of the time for which S3 keeps versions: %s', async (_, happens, isFound) => {
    const started = await startDays({ exposures: days });
    await started.run(NIGHT);
    await started.hours(25, () => false);
    started.takeSent();
    await happens(started);
    expect(await started.hours(HALF, () => isFound(started))).not.toBeNull();
  });

  it('is found by nights alone, and with versions that are kept for a day by checks alone', async () => {
    for (const [message, gap, keptDays] of [
      [NIGHT, DAY_MS, 14],
      [CHECK, HOUR_MS, 1],
    ] as const) {
      const started = await startDays({ exposures: days }, { retention: { dataVersionDays: keptDays } });
      await started.run(NIGHT);
      for (let i = 0; i < 5; i += 1) {
        started.clock.advance(gap);
        await started.run(message);
      }
      await started.store.write(started.rawKey('exposures', OLD, 'b'), 'more');
      const since = started.clock.now();
      while ((await started.listed('exposures')).includes(OLD)) {
        started.clock.advance(gap);
        await started.run(message);
        expect(started.clock.now() - since).toBeLessThanOrEqual((keptDays * DAY_MS) / 2);
      }
    }
  });

  it('is found at the next night after a note that is lost, damaged, of the future or of two runs', async () => {
    const started = await startDays({ exposures: days });
    const { store, run, clock, rawKey, listed } = started;
    const key = dayLooksKey('exposures');
    const damages: readonly (() => Promise<unknown>)[] = [
      () => store.remove(key, '*'),
      () => store.write(key, '{"2026-08-18":{"at":'),
      async () => {
        const looks: Record<string, object> = await started.looks('exposures');
        const wrong = Object.entries(looks).map(([day, look]) => [day, { ...look, at: clock.now() * 2 }]);
        await store.write(key, JSON.stringify(Object.fromEntries(wrong)));
      },
    ];
    for (const [i, damage] of damages.entries()) {
      await run(NIGHT);
      const day = addDays(OLD, i);
      await store.write(rawKey('exposures', day, 'b'), 'more');
      await damage();
      clock.advance(DAY_MS);
      await Promise.all([run(NIGHT), run(CHECK)]);
      expect(await listed('exposures')).not.toContain(day);
    }
  });

  it.each([
    [
      'an erasure',
      async ({ ledger, config }: Awaited<ReturnType<typeof startDays>>) =>
        ledger.change(curatedSubject(config, 'exposures', OLD), (known) => ({
          entry: noteErasure(known, { id: 'x', at: 0 }),
        })),
    ],
    [
      'a partition that is gone',
      async ({ partitions }: Awaited<ReturnType<typeof startDays>>) => partitions.exposures.delete(OLD),
    ],
    [
      'an entry that is gone',
      async ({ store }: Awaited<ReturnType<typeof startDays>>) =>
        store.remove(`${curatedFolder('exposures')}${OLD}.json`, '*'),
    ],
    [
      'a folder that is gone',
      async ({ store, rawKey }: Awaited<ReturnType<typeof startDays>>) =>
        store.remove(rawKey('exposures', OLD), '*'),
    ],
  ])('is not: %s is shown by a listing, and the next night looks', async (_, happens) => {
    const started = await startDays({ exposures: days });
    await started.run(NIGHT);
    started.clock.advance(HOUR_MS);
    await happens(started);
    started.clock.advance(HOUR_MS);
    expect((await started.asks(NIGHT)).looked).toContain(OLD);
  });

  it('is not new columns: every day is looked at', async () => {
    const { config, store, ...started } = await startDays({ exposures: lastDays(50) });
    await started.run(NIGHT);
    started.takeSent();
    const { days: list } = JSON.parse(
      (await store.read(`${curatedFolder('exposures')}days.json`))?.text ?? '',
    );
    for (const listed of Object.values<Record<string, unknown>>(list)) listed['shape'] = 'before';
    await store.write(`${curatedFolder('exposures')}days.json`, JSON.stringify({ days: list }));
    started.clock.advance(DAY_MS);
    expect((await started.asks(NIGHT)).looked).toHaveLength(50);
  });
});

describe('a listed day that has got more files than one can have', () => {
  const DEPLOYED = { source: 'aws.cloudformation', 'detail-type': 'CloudFormation Stack Status Change' };
  const NEW_FILE = (key: string) => ({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: 'own' }, object: { key } },
  });

  it.each(['night', 'hourly check', 'event', 'deployment'])(
    'leaves the list at the %s, and stops no other',
    async (by) => {
      const days = lastDays(3);
      const [large = '', other = ''] = days;
      const started = await startDays({ exposures: days });
      await started.store.write(started.rawKey('exposures', other, 'b'), 'more');
      await started.store.write(started.rawKey('exposures', large, 'b'), 'more');
      const message = {
        night: NIGHT,
        'hourly check': CHECK,
        event: NEW_FILE(started.rawKey('exposures', large, 'b')),
        deployment: DEPLOYED,
      }[by];
      const before = async (_: ForwardedKind, day: UtcDay) => {
        if (day === large) throw new CurateError('SLUICE_CURATE_DAY_TOO_LARGE', day);
      };
      await started.run(message ?? {}, { before });
      const left = await started.listed('exposures');
      expect(left).not.toContain(large);
      if (by !== 'event') expect(left).toEqual([days[2]]);
    },
  );
});
