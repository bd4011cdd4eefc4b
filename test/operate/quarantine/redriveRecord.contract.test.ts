import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { redrivenKey } from '../../../lib/tables/ledgerKeys.ts';
import type { QuarantinedItem, Revalidation } from '../../../observe/quarantine/revalidate.ts';
import { type LandRows, redriveQuarantine } from '../../../operate/quarantine/redriveQuarantine.ts';
import { RedriveRecord } from '../../../operate/quarantine/redriveRecord.ts';
import { startLanding } from '../../observe/startLanding.ts';

const world = await startLanding();
afterEach(() => world.empty());
afterAll(() => world.close());

const NOW = Date.UTC(2026, 10, 20);
const item = (id: string, receivedAt = 1): QuarantinedItem => ({
  quarantineId: id,
  receivedAt,
  reason: 'SLUICE_BODY_NOT_JSON',
  path: '',
  raw: null,
  sdkType: null,
  sdkVersion: null,
});
const event = (id: string) => ({ day: '2026-11-20', json: `{"event_id":"${id}"}` });

/** A run of the command over these items. `delivered` are the event_ids of the landing. */
async function run(
  items: readonly QuarantinedItem[],
  revalidate: (one: QuarantinedItem) => Revalidation,
  land?: LandRows | null,
  now = NOW,
) {
  const delivered: string[] = [];
  const take: LandRows = async ({ exposures, events }) => {
    delivered.push(...[...exposures, ...events].map(({ json }): string => JSON.parse(json).event_id));
  };
  const record = await RedriveRecord.read(world.store, now);
  async function* left() {
    for (const quarantined of items) if (!record.hasRow(quarantined)) yield quarantined;
  }
  const report = await redriveQuarantine(left(), revalidate, land === undefined ? take : land, record);
  return { report, delivered };
}

const whole = ({ quarantineId }: QuarantinedItem): Revalidation => ({
  rows: { exposures: [event(`${quarantineId}x`)], events: [event(`${quarantineId}e`)] },
  refused: [],
  ignored: 0,
});

describe('the record of a redrive', () => {
  it('leaves out rows that were delivered whole, also of a run that was killed before its end', async () => {
    const items = ['a', 'b', 'c'].map((id) => item(id));
    await run(items.slice(0, 1), whole);
    const { report, delivered } = await run(items, whole);
    expect(report.found).toBe(2);
    expect(delivered.toSorted()).toEqual(['be', 'bx', 'ce', 'cx']);
    expect(await run(items, whole)).toMatchObject({ report: { found: 0 }, delivered: [] });
  });

  it('finds a row again that its table did not take after it was redriven', async () => {
    await run([item('a')], whole);
    expect((await run([item('a', NOW)], whole)).report.found).toBe(1);
  });

  it('leaves out a row that was delivered twice and received between both', async () => {
    await run([item('a')], whole);
    const again = item('a', NOW + 60_000);
    await run([again], whole, undefined, NOW + 120_000);
    expect((await run([again], whole, undefined, NOW + 180_000)).report.found).toBe(0);
  });

  it('has the latest delivery of a row, also if that is read before an earlier one', async () => {
    await run([item('a')], whole);
    const again = item('a', NOW + 60_000);
    await run([again], whole, undefined, NOW + 120_000);
    const [earlier] = await world.keys('ledger/');
    const later = Promise.withResolvers<void>();
    const store: ObjectStore = {
      ...world.store,
      async read(key, ...more) {
        const found = await world.store.read(key, ...more);
        if (key !== earlier) setImmediate(later.resolve);
        else await later.promise;
        return found;
      },
    };
    expect((await RedriveRecord.read(store, NOW + 180_000)).hasRow(again)).toBe(true);
  });

  it('delivers of a row only what was refused before', async () => {
    const { rows } = whole(item('a'));
    const refused = Array(2).fill({ code: 'SLUICE_EVENT_NO_NAME', detail: '' });
    const first = await run([item('a')], () => ({ rows, refused, ignored: 0 }));
    expect(first.report.refused).toEqual({ SLUICE_EVENT_NO_NAME: 2 });
    expect(first.delivered.toSorted()).toEqual(['ae', 'ax']);
    const fixed = { ...rows, events: [...rows.events, event('fixed')] };
    const second = await run([item('a')], () => ({ rows: fixed, refused: [], ignored: 0 }));
    expect(second).toMatchObject({ report: { found: 1 }, delivered: ['fixed'] });
  });

  it('is not written for rows that are still refused in full', async () => {
    const refused = [{ code: 'SLUICE_EVENT_NO_NAME', detail: '' }];
    await run([item('a')], () => ({ rows: { exposures: [], events: [] }, refused, ignored: 0 }));
    expect(await world.keys('ledger/')).toEqual([]);
  });

  it('has what was added to it, and passes over what it cannot read', async () => {
    await world.store.write(redrivenKey('2026-11-20T00:00:00.000Z', 'torn'), '{"at":');
    const record = await RedriveRecord.read(world.store, NOW);
    await record.add({ rows: ['a'], events: ['e'] });
    expect(record.hasRow(item('a', NOW - 1))).toBe(true);
    expect(record.hasRow(item('a', NOW))).toBe(false);
    expect(record.hasRow(item('b', NOW - 1))).toBe(false);
    expect(record.hasEvent('e')).toBe(true);
    expect(record.hasEvent('f')).toBe(false);
  });

  it('does not contain what a dry run would deliver', async () => {
    const { report } = await run([item('a')], whole, null);
    expect(report).toMatchObject({ found: 1, delivered: { exposures: 1, events: 1 } });
    expect(await world.keys('ledger/')).toEqual([]);
    expect((await run([item('a')], whole)).delivered.toSorted()).toEqual(['ae', 'ax']);
  });

  it('does not contain what the bucket did not take', async () => {
    const refuse: LandRows = () => Promise.reject(new RangeError('full'));
    const { report } = await run([item('a')], whole, refuse);
    expect(report).toMatchObject({ found: 1, failed: { RangeError: 2 } });
    expect(await world.keys('ledger/')).toEqual([]);
    expect((await run([item('a')], whole)).report.found).toBe(1);
  });
});
