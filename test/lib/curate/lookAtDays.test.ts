import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import {
  CURATED_LEDGER,
  curatedFolder,
  curatedSubject,
  dayLooksKey,
  versionFilesKey,
} from '../../../lib/tables/ledgerKeys.ts';
import { CHECK, type Listed, lastDays, NIGHT, startListed } from './startListed.ts';

describe('what nothing tells of', () => {
  const OLD = '2026-08-18';
  const days = lastDays(100);
  /** Half of the seven days for which S3 keeps versions by default. */
  const HALF_HOURS = 84;

  const isQueued = async ({ takeSent }: Listed) => takeSent().includes(`exposures ${OLD} kept`);
  const isTakenOutOf = (kind: ForwardedKind) => async (started: Listed) =>
    !(await started.listed(kind)).includes(OLD);
  const isTakenOut = isTakenOutOf('exposures');

  /** What happens to a day, and whether it is found. */
  interface Happening {
    readonly what: string;
    readonly happens: (started: Listed) => Promise<unknown>;
    readonly isFound: (started: Listed) => Promise<boolean>;
  }

  it.each<Happening>([
    {
      what: 'a raw file of an older day that is deleted',
      happens: ({ store, rawKey }) => store.remove(rawKey('exposures', OLD), '*'),
      isFound: isQueued,
    },
    {
      what: 'an old Parquet that is put back under its name',
      happens: ({ store, rawKey }) => store.write(rawKey('exposures', OLD), 'before an erasure'),
      isFound: isQueued,
    },
    {
      what: 'a version without its files',
      happens: ({ store, fileKey }) => store.remove(fileKey('exposures', OLD), '*'),
      isFound: isTakenOut,
    },
    {
      what: 'a version of the other table without its files',
      happens: ({ store, fileKey }) => store.remove(fileKey('events', OLD), '*'),
      isFound: isTakenOutOf('events'),
    },
    {
      what: 'a raw file that comes without its event',
      happens: ({ store, rawKey }) => store.write(rawKey('exposures', OLD, 'b'), 'more'),
      isFound: isTakenOut,
    },
  ])('is found within half of the time for which S3 keeps versions: $what', async ({ happens, isFound }) => {
    const started = await startListed({ exposures: days, events: [OLD] });
    await started.run(NIGHT);
    await started.hours(25, () => false);
    started.takeSent();
    await happens(started);
    expect(await started.hours(HALF_HOURS, () => isFound(started))).not.toBeNull();
  });

  it.each([
    { by: 'nights', message: NIGHT, gap: DAY_MS, keptDays: 14, withinHours: 7 * 24 },
    { by: 'checks', message: CHECK, gap: HOUR_MS, keptDays: 1, withinHours: 12 },
  ])(
    'is found by $by alone within $withinHours hours, where versions are kept for $keptDays days',
    async ({ message, gap, keptDays, withinHours }) => {
      const started = await startListed({ exposures: days }, { retention: { dataVersionDays: keptDays } });
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
        expect((started.clock.now() - since) / HOUR_MS).toBeLessThanOrEqual(withinHours);
      }
    },
  );

  const KEY = dayLooksKey('exposures');
  it.each<{ readonly what: string; readonly damage: (started: Listed) => Promise<unknown> }>([
    { what: 'lost', damage: ({ store }) => store.remove(KEY, '*') },
    { what: 'damaged', damage: ({ store }) => store.write(KEY, '{"2026-08-18":{"at":') },
    {
      what: 'of the future',
      async damage({ store, clock, looks }) {
        const noted: Record<string, object> = await looks('exposures');
        const wrong = Object.entries(noted).map(([day, look]) => [day, { ...look, at: clock.now() * 2 }]);
        await store.write(KEY, JSON.stringify(Object.fromEntries(wrong)));
      },
    },
  ])(
    'is found at the next night after a note that is $what, with a check at the same time',
    async ({ damage }) => {
      const started = await startListed({ exposures: days });
      const { store, run, clock, rawKey, listed } = started;
      await run(NIGHT);
      await store.write(rawKey('exposures', OLD, 'b'), 'more');
      await damage(started);
      clock.advance(DAY_MS);
      await Promise.all([run(NIGHT), run(CHECK)]);
      expect(await listed('exposures')).not.toContain(OLD);
    },
  );

  it.each<Pick<Happening, 'what' | 'happens'>>([
    {
      what: 'an erasure',
      happens: ({ ledger, config }) =>
        ledger.change(curatedSubject(config, 'exposures', OLD), (known) => ({
          entry: noteErasure(known, { id: 'x', at: 0 }),
        })),
    },
    {
      what: 'a version whose files a look has missed',
      happens: ({ store, partitions, clock }) =>
        store.write(
          versionFilesKey(CURATED_LEDGER, 'exposures'),
          JSON.stringify({ [`${OLD}/${partitions.exposures.get(OLD)}`]: clock.now() }),
        ),
    },
    {
      what: 'a partition that is gone',
      happens: async ({ partitions }) => partitions.exposures.delete(OLD),
    },
    {
      what: 'an entry that is gone',
      happens: ({ store }) => store.remove(`${curatedFolder('exposures')}${OLD}.json`, '*'),
    },
    {
      what: 'a folder that is gone',
      happens: ({ store, rawKey }) => store.remove(rawKey('exposures', OLD), '*'),
    },
  ])('is not: $what is shown by a listing, and the next night looks', async ({ happens }) => {
    const started = await startListed({ exposures: days });
    await started.run(NIGHT);
    started.clock.advance(HOUR_MS);
    await happens(started);
    started.clock.advance(HOUR_MS);
    expect((await started.asks(NIGHT)).looked).toContain(OLD);
  });

  it('is not new columns: every day is looked at', async () => {
    const { config, store, ...started } = await startListed({ exposures: lastDays(50) });
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

it('a day some of whose files are archived is noted since a look has seen it, until none is', async () => {
  const [day = ''] = lastDays(1);
  const started = await startListed({ exposures: [day] });
  const { store, clock, run, looks } = started;
  const key = started.rawKey('exposures', day, 'b');
  await store.write(key, 'more');
  store.archived.add(key);
  const archivedSince = clock.now();
  for (const _ of [1, 2]) {
    await run(NIGHT);
    expect((await looks('exposures'))[day]).toMatchObject({ at: clock.now(), archivedSince });
    clock.advance(HOUR_MS);
  }
  store.archived.clear();
  await run(NIGHT);
  expect((await looks('exposures'))[day]).not.toHaveProperty('archivedSince');
});
