import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { CurateError } from '../../../lib/curate/CurateError.ts';
import { versionName } from '../../../lib/ledger/versions.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { curatedFolder, curatedSubject, ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { CHECK, lastDays, NIGHT, startListed } from './startListed.ts';

/** The event of a deployment that has ended. */
const DEPLOYED = { source: 'aws.cloudformation', 'detail-type': 'CloudFormation Stack Status Change' };
/** The event of a file that came. */
const newFile = (key: string, bucket = 'own') => ({
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
    await run(newFile(key));
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
    for (const message of [NIGHT, CHECK, DEPLOYED, newFile(started.rawKey('exposures', day, 'b'))]) {
      await started.run(message, { before: tooLarge });
      expect(await started.listed('exposures')).toContain(day);
    }
    // There is no time to compare any day.
    started.store.onCall = () => started.clock.advance(100_000);
    await started.run(DEPLOYED);
    expect(await started.listed('exposures')).toEqual([day]);
  });
});

describe('nothing that cannot be read takes rows from views', () => {
  it('a day that keeps rows stays, although its entry of the ledger is damaged and its files change', async () => {
    const [day = ''] = lastDays(1);
    const started = await startListed({ exposures: [day] });
    await started.keep('exposures', day);
    const { source, dataset } = curatedSubject(started.config, 'exposures', day);
    await started.store.write(ledgerKey(source, dataset, day), '{}');
    const key = started.rawKey('exposures', day, 'b');
    await started.store.write(key, 'more');
    for (const message of [NIGHT, CHECK, DEPLOYED, newFile(key)]) {
      await started.run(message);
      expect(await started.listed('exposures')).toEqual([day]);
    }
  });

  it('a day whose entry in the list is damaged stays, is logged, and is listed again by the ledger', async () => {
    const [day = '', other = ''] = lastDays(2);
    const { store, run, logged, entryOf } = await startListed({ exposures: [day, other] });
    const before = { [other]: await entryOf('exposures', other), [day]: await entryOf('exposures', day) };
    const key = `${curatedFolder('exposures')}days.json`;
    await store.write(key, JSON.stringify({ days: { ...before, [day]: null } }));
    await run(CHECK);
    expect({
      [other]: await entryOf('exposures', other),
      [day]: await entryOf('exposures', day),
    }).toEqual(before);
    const ofPlan = { level: 'error', event: 'curate_plan' };
    const damaged = { code: 'SLUICE_INGEST_LEDGER_INVALID', days: [day] };
    expect(logged).toContainEqual(
      expect.objectContaining({
        ...ofPlan,
        tables: [expect.objectContaining({ damaged }), expect.not.objectContaining({ damaged })],
      }),
    );
    logged.splice(0);
    await run(CHECK);
    expect(logged).not.toContainEqual(expect.objectContaining(ofPlan));
  });

  it('a list that is damaged as a whole stays as it is, and the message comes again', async () => {
    const [day = ''] = lastDays(1);
    const { store, run, logged } = await startListed({ exposures: [day] });
    const key = `${curatedFolder('exposures')}days.json`;
    await store.write(key, '{');
    expect(await run(CHECK)).toBe(false);
    expect((await store.read(key))?.text).toBe('{');
    expect(logged).toContainEqual(expect.objectContaining({ error: 'SLUICE_INGEST_LEDGER_INVALID' }));
  });
});

it('a file of another bucket takes no day out of the list', async () => {
  const [day = ''] = lastDays(1);
  const started = await startListed({ events: [day] });
  const key = started.rawKey('events', day, 'b');
  await started.store.write(key, 'more');
  await started.run(newFile(key, 'others'));
  expect(await started.listed('events')).toEqual([day]);
  await started.run(newFile(key));
  expect(await started.listed('events')).toEqual([]);
});

it.each([
  { after: 3 * HOUR_MS, isCounted: true },
  { after: 3 * HOUR_MS + 1, isCounted: false },
])(
  'that an hourly check counts days $after ms after one was curated is $isCounted',
  async ({ after, isCounted }) => {
    const [day = '', other = ''] = lastDays(2);
    const { listed, store, run, logged, clock, entryOf } = await startListed({ exposures: [day, other] });
    const days = {
      [other]: await entryOf('exposures', other),
      [day]: { ...(await entryOf('exposures', day)), version: versionName(clock.now() - after, () => 0) },
    };
    await store.write(`${curatedFolder('exposures')}days.json`, JSON.stringify({ days }));
    await run(CHECK);
    expect(await listed('exposures')).toEqual([other, day]);
    expect(logged.some((line) => 'curations_failed' in line)).toBe(isCounted);
  },
);

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
      event: newFile(started.rawKey('exposures', large, 'b')),
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
