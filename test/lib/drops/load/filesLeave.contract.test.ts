import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { ends, type Loads, readEvents } from './startLoads.ts';

let day: LoadedDay;
let loads: Loads;
afterEach(() => loads.close());

describe('a dataset whose files leave', () => {
  beforeEach(async () => {
    day = await LoadedDay.start({ filesLeave: true });
    ({ loads } = day);
  });

  it('keeps its rows without a word while they leave, one after the other', async () => {
    for (const name of ['a', 'b']) {
      await day.remove(name);
      for (const asked of [undefined, 'triggered', 'backfill', 'keep'] as const) {
        expect([null, { outcome: 'unchanged' }]).toContainEqual(await day.run(asked));
      }
      await day.afterNights({ rows: firstRows, state: 'succeeded' });
    }
    await loads.dropEvents('a', 0, 2);
    expect(await day.run()).toBeNull();
    await loads.dropEvents('c', 2, 9);
    await day.run();
    await day.afterNights({ rows: readEvents(0, 9), state: 'succeeded' });
    await day.remove('a', 'c');
    await ends(day.run('empty'), 'succeeded_no_data');
  });

  it('finds files without rows, and files that leave before they are loaded', async () => {
    await day.drop('a', noRows);
    await day.remove('b');
    await day.run();
    await day.afterNights({ rows: firstRows, state: 'inputs_missing' });
    await loads.dropEvents('a', 0, 2);
    await loads.drop('b.parquet', Buffer.from('PAR1 and no more PAR1'));
    await day.run();
    await day.remove('a', 'b');
    await day.run();
    await day.afterNights({ rows: firstRows, state: 'inputs_missing' });
  });
});
