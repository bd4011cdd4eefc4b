import { describe, expect, it } from '@jest/globals';
import { checkDays } from '../../../lib/curate/checkDays.ts';
import { DAY, file, listed, named, OTHER, startDayList } from './startDayList.ts';

/** A list with both days, of which only {@link DAY} has the raw files that its version was made of. */
async function startListed() {
  const started = startDayList();
  await started.settle([named('a')]);
  await started.list(DAY, listed('v1'));
  await started.list(OTHER, listed('v1'));
  return started;
}

describe('a check of the list of days', () => {
  it('leaves a day whose raw files and shape are those of its version', async () => {
    const { keeper, days } = await startListed();
    const checked = await checkDays(keeper, 'events', { isLooked: (day) => day === DAY });
    expect(checked).toEqual({ left: [], uncounted: [] });
    expect(Object.keys(await days()).sort()).toEqual([OTHER, DAY]);
  });

  it('takes a day out whose raw files are others by now', async () => {
    const { keeper, rawFiles, days } = await startListed();
    rawFiles.set(DAY, [file('a'), file('late')]);
    expect(await checkDays(keeper, 'events')).toMatchObject({ left: [DAY, OTHER] });
    expect(await days()).toEqual({});
  });

  it('compares no other days than those that it is asked to look at', async () => {
    const { keeper, rawFiles, days } = await startListed();
    rawFiles.set(DAY, [file('a'), file('late')]);
    const checked = await checkDays(keeper, 'events', { isLooked: (day) => day === OTHER });
    expect(checked).toMatchObject({ left: [OTHER] });
    expect(Object.keys(await days())).toEqual([DAY]);
  });

  it('takes a day out whose version has another shape than the configuration', async () => {
    const { keeper, list, days } = await startListed();
    await list(DAY, listed('v2', { shape: 'old' }));
    const checked = await checkDays(keeper, 'events', { isLooked: (day) => day === DAY });
    expect(checked).toMatchObject({ left: [DAY] });
    expect(Object.keys(await days())).toEqual([OTHER]);
  });
});
