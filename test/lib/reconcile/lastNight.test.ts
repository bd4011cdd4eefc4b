import { describe, expect, it } from '@jest/globals';
import type { UtcDay } from '../../../lib/base/time.ts';
import { dueDay, lastNight, nightLine } from '../../../lib/reconcile/lastNight.ts';
import { receivedHoursKey } from '../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const config = { statsigFolder: 'statsig', database: 'sluice' };

/** A reader of a bucket in which nights have kept rows of these days. @param made When its table was made. */
async function reader(now: string, made: string, days: readonly UtcDay[]) {
  const clock = new ManualClock(Date.parse(now));
  const store = new MemoryObjects(clock);
  for (const day of days) await store.write(receivedHoursKey(config, day), '', {});
  const table = { name: 'received_hours', storage: {}, partitionKeys: [], madeAt: Date.parse(made) };
  return { store, config, now: clock.now(), catalog: { getTable: async () => table } };
}
const hours = async (...args: Parameters<typeof reader>) =>
  (await nightLine(await reader(...args), 'prod'))['hours_since_night'];

describe('the hours since the last good night', () => {
  const made = '2026-11-01T10:00:00Z';
  const days = ['2026-11-18', '2026-11-19'];

  it.each([
    { now: '2026-11-20T02:05:00Z', since: 0 },
    { now: '2026-11-21T01:05:00Z', since: 23 },
    { now: '2026-11-21T04:05:00Z', since: 26 },
  ])('are counted from its beginning: $since at $now', async ({ now, since }) => {
    expect(await hours(now, made, days)).toBe(since);
  });

  it('are of the stage that is asked', async () => {
    const line = await nightLine(await reader('2026-11-20T02:05:00Z', made, days), 'prod');
    expect(line).toMatchObject({ stage: 'prod' });
  });

  it('are those of the newest day that has rows, since when they were written', async () => {
    expect(await lastNight(await reader('2026-11-20T02:05:00Z', made, days))).toEqual({
      day: '2026-11-19',
      at: '2026-11-20T02:05:00.000Z',
    });
  });

  it('are less than a day until the first night of a table was due, and grow if it does not come', async () => {
    expect(await hours('2026-11-20T15:05:00Z', '2026-11-20T14:00:00Z', [])).toBe(13);
    expect(await hours('2026-11-21T01:05:00Z', '2026-11-20T14:00:00Z', [])).toBe(23);
    expect(await hours('2026-11-21T04:05:00Z', '2026-11-20T14:00:00Z', [])).toBe(26);
  });

  it('are not counted from a night of an earlier deployment, as a trial finds it in a bucket', async () => {
    const at = '2026-11-20T15:05:00Z';
    expect(await hours(at, '2026-11-20T14:00:00Z', ['2026-10-02'])).toBe(13);
    const night = await lastNight(await reader(at, '2026-11-20T14:00:00Z', ['2026-10-02', '2026-11-19']));
    expect(night).toEqual({ day: '2026-11-19', at: null });
  });

  it('are not counted from a night that came while the first deployment ran, before it had made the schedule', async () => {
    expect(await hours('2026-11-20T04:05:00Z', '2026-11-20T01:08:00Z', [])).toBe(2);
  });

  it('are counted from the last night before the Statsig folder was renamed', async () => {
    const { store, ...others } = await reader('2026-11-20T15:05:00Z', '2026-11-01T10:00:00Z', ['2026-11-19']);
    const formerStatsigFolders = [{ folder: 'statsig', until: '2026-11-22' }];
    const renamed = {
      ...others,
      store,
      config: { ...config, statsigFolder: 'events', formerStatsigFolders },
    };
    expect(await lastNight(renamed)).toMatchObject({ day: '2026-11-19' });
    await store.write(receivedHoursKey(renamed.config, '2026-11-20'), '', {});
    expect(await lastNight(renamed)).toMatchObject({ day: '2026-11-20' });
  });

  it('belong to the day that was due at that time', () => {
    expect(dueDay(Date.parse('2026-11-20T01:09:00Z'))).toBe('2026-11-18');
    expect(dueDay(Date.parse('2026-11-20T01:10:00Z'))).toBe('2026-11-19');
  });
});
