import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { CurateError } from '../../../lib/curate/CurateError.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import { versionName } from '../../../lib/ledger/versions.ts';
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

const DEPLOYED = { source: 'aws.cloudformation', 'detail-type': 'CloudFormation Stack Status Change' };
const NEW_FILE = (key: string, bucket = 'own') => ({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { bucket: { name: bucket }, object: { key } },
});

describe('a listed day that keeps rows of a raw file that is gone', () => {
  const OLD = '2026-08-18';

  it('stays when it gets another file, and the next night looks at it, whenever its turn is', async () => {
    const started = await startListed({ exposures: lastDays(100) });
    const { run, keep, store, rawKey, clock } = started;
    await keep('exposures', OLD);
    await run(NIGHT);
    clock.advance(HOUR_MS);
    expect((await started.asks(NIGHT)).looked).not.toContain(OLD);
    const key = rawKey('exposures', OLD, 'b');
    await store.write(key, 'more');
    await run(NEW_FILE(key));
    expect(await started.listed('exposures')).toContain(OLD);
    clock.advance(HOUR_MS);
    started.takeSent();
    await run(NIGHT);
    expect(started.takeSent()).toContain(`exposures ${OLD} kept`);
  });

  it('stays when nobody can look at it: views would lose these rows', async () => {
    const days = lastDays(3);
    const [day = ''] = days;
    const started = await startListed({ exposures: days });
    await started.keep('exposures', day);
    const tooLarge = async (_: ForwardedKind, looked: UtcDay) => {
      if (looked === day) throw new CurateError('SLUICE_CURATE_DAY_TOO_LARGE', looked);
    };
    for (const message of [NIGHT, CHECK, DEPLOYED, NEW_FILE(started.rawKey('exposures', day, 'b'))]) {
      await started.run(message, { before: tooLarge });
      expect(await started.listed('exposures')).toContain(day);
    }
    // There is no time to compare any day.
    started.store.onCall = () => started.clock.advance(100_000);
    await started.run(DEPLOYED);
    expect(await started.listed('exposures')).toEqual([day]);
  });
});

it('a file of another bucket takes no day out of the list', async () => {
  const [day = ''] = lastDays(1);
  const started = await startListed({ events: [day] });
  const key = started.rawKey('events', day, 'b');
  await started.store.write(key, 'more');
  await started.run(NEW_FILE(key, 'others'));
  expect(await started.listed('events')).toEqual([day]);
  await started.run(NEW_FILE(key));
  expect(await started.listed('events')).toEqual([]);
});

it('an hourly check counts days for hours after one of them was curated', async () => {
  const [day = '', other = ''] = lastDays(2);
  const { listed, store, run, logged, clock, entryOf } = await startListed({ exposures: [day, other] });
  const isCounted = async () => {
    logged.length = 0;
    await run(CHECK);
    return logged.some((line) => 'curations_failed' in line);
  };
  expect(await isCounted()).toBe(false);
  const days = {
    [other]: await entryOf('exposures', other),
    [day]: { ...(await entryOf('exposures', day)), version: versionName(clock.now(), () => 0) },
  };
  await store.write(`${curatedFolder('exposures')}days.json`, JSON.stringify({ days }));
  expect(await listed('exposures')).toEqual([other, day]);
  expect(await isCounted()).toBe(true);
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

describe('a listed day that has got more files than one can have', () => {
  // Both of the others stay at an event, which looks at its own day alone.
  it.each([
    { by: 'night', stay: [2] },
    { by: 'hourly check', stay: [2] },
    { by: 'event', stay: [1, 2] },
    { by: 'deployment', stay: [2] },
  ] as const)('leaves the list at the $by, and stops no other', async ({ by, stay }) => {
    const days = lastDays(3);
    const [large = '', other = ''] = days;
    const started = await startListed({ exposures: days });
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
    await started.run(message, { before });
    const left = await started.listed('exposures');
    expect(left.toSorted()).toEqual(stay.map((i) => days[i]).toSorted());
  });

  it('is named as one that cannot be looked at', async () => {
    const [day = ''] = lastDays(1);
    const started = await startListed({ exposures: [day] });
    const code = 'SLUICE_CURATE_DAY_TOO_LARGE';
    await started.run(NIGHT, { before: () => Promise.reject(new CurateError(code, day)) });
    expect(started.logged).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'curate_plan',
        tables: [
          expect.objectContaining({ looked: 0, unreadable: [{ day, code }] }),
          expect.objectContaining({ unreadable: [] }),
        ],
      }),
    );
  });
});
