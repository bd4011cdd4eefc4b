import { describe, expect, it } from '@jest/globals';
import { addDays, DAY_MS, HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { CurateError } from '../../../lib/curate/CurateError.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { curatedFolder, curatedSubject, dayLooksKey } from '../../../lib/tables/ledgerKeys.ts';
import { CHECK, type Listed, lastDays, NIGHT, startListed } from './startListed.ts';

describe('what nothing tells of', () => {
  const OLD = '2026-08-18';
  const days = lastDays(100);
  const HALF = 84;

  it.each([
    [
      'a raw file of an older day that is deleted',
      async ({ store, rawKey }: Listed) => {
        await store.remove(rawKey('exposures', OLD), '*');
      },
      async ({ takeSent }: Listed) => takeSent().includes(`exposures ${OLD} kept`),
    ],
    [
      'an old Parquet that is put back under its name',
      async ({ store, rawKey }: Listed) => {
        await store.write(rawKey('exposures', OLD), 'before an erasure');
      },
      async ({ takeSent }: Listed) => takeSent().includes(`exposures ${OLD} kept`),
    ],
    [
      'a version without its files',
      async ({ store, fileKey }: Listed) => {
        await store.remove(fileKey('exposures', OLD), '*');
      },
      async ({ listed }: Listed) => !(await listed('exposures')).includes(OLD),
    ],
    [
      'a raw file that comes without its event',
      async ({ store, rawKey }: Listed) => {
        await store.write(rawKey('exposures', OLD, 'b'), 'more');
      },
      async ({ listed }: Listed) => !(await listed('exposures')).includes(OLD),
    ],
  ])('is found within half of the time for which S3 keeps versions: %s', async (_, happens, isFound) => {
    const started = await startListed({ exposures: days });
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
        expect(started.clock.now() - since).toBeLessThanOrEqual((keptDays * DAY_MS) / 2);
      }
    }
  });

  it('is found at the next night after a note that is lost, damaged, of the future or of two runs', async () => {
    const started = await startListed({ exposures: days });
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
      async ({ ledger, config }: Listed) =>
        ledger.change(curatedSubject(config, 'exposures', OLD), (known) => ({
          entry: noteErasure(known, { id: 'x', at: 0 }),
        })),
    ],
    ['a partition that is gone', async ({ partitions }: Listed) => partitions.exposures.delete(OLD)],
    [
      'an entry that is gone',
      async ({ store }: Listed) => store.remove(`${curatedFolder('exposures')}${OLD}.json`, '*'),
    ],
    [
      'a folder that is gone',
      async ({ store, rawKey }: Listed) => store.remove(rawKey('exposures', OLD), '*'),
    ],
  ])('is not: %s is shown by a listing, and the next night looks', async (_, happens) => {
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
  const started = await startListed({ exposures: [day] });
  const key = started.rawKey('exposures', day, 'b');
  await started.store.write(key, 'more');
  await started.run(NEW_FILE(key, 'others'));
  expect(await started.listed('exposures')).toEqual([day]);
  await started.run(NEW_FILE(key));
  expect(await started.listed('exposures')).toEqual([]);
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
});
