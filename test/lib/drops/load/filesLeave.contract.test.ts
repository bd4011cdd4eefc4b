import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { readEvents, someEvents } from './startLoads.ts';

let day: LoadedDay;
afterEach(() => day.loads.close());

describe('a dataset whose files leave', () => {
  beforeEach(async () => {
    day = await LoadedDay.start({ filesLeave: true });
  });

  it('keeps its rows without a word while they leave, one after the other', async () => {
    for (const name of ['a', 'b']) {
      await day.remove(name);
      for (const asked of [undefined, 'triggered', 'backfill', 'keep'] as const) {
        expect([null, { outcome: 'unchanged' }]).toContainEqual(await day.run(asked));
      }
      expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'succeeded' });
    }
    await day.drop('a', someEvents(0, 2));
    expect(await day.run()).toBeNull();
    await day.drop('c', someEvents(2, 9));
    await day.run();
    expect(await day.afterNights()).toMatchObject({ rows: readEvents(0, 9), state: 'succeeded' });
    await day.remove('a', 'c');
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
  });

  it('finds files without rows, and files that leave before they are loaded', async () => {
    await day.drop('a', noRows);
    await day.remove('b');
    await day.run();
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'inputs_missing' });
    await day.drop('a', someEvents(0, 2));
    await day.loads.drop('b.parquet', new TextEncoder().encode('PAR1 and no more PAR1'));
    await day.run();
    await day.remove('a', 'b');
    await day.run();
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'inputs_missing' });
  });
});
