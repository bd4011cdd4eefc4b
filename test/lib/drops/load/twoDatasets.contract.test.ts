import { afterEach, describe, expect, it } from '@jest/globals';
import { DAY, type Loads, readEvents, someEvents, startLoads } from './startLoads.ts';

let loads: Loads;
afterEach(() => loads.close());

describe('two datasets of the same folder', () => {
  it('have separate tables, ledgers and versions, and do not affect each other', async () => {
    loads = await startLoads({}, [
      {
        name: 'again',
        kind: 'events',
        folder: 'events',
        table: 'acme_again',
        mapping: { eventName: { constant: 'again' } },
      },
    ]);
    const again = { dataset: 'again' };
    const readAgain = async () =>
      (await loads.rowsUnder(`statsig/ingested/acme_again/${DAY}/`))
        .map((row) => `${row['user_id']} ${row['event_name']}`)
        .sort();
    const place = { source: 'acme', dataset: 'again', day: DAY };
    await loads.drop('a.parquet', someEvents(0, 3));
    const both = await Promise.all([loads.load(), loads.load(again)]);
    expect(both).toMatchObject([{ outcome: 'succeeded' }, { outcome: 'succeeded' }]);
    expect([await loads.read(), await readAgain()]).toEqual([readEvents(0, 3), readEvents(0, 3, 'again')]);

    // One is corrected, and fails; what the other reads and knows stays.
    const known = await loads.ledger.read(place);
    await loads.drop('a.parquet', someEvents(0, 2, 'mended'));
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
    expect([await loads.read(), await readAgain()]).toEqual([
      readEvents(0, 2, 'mended'),
      readEvents(0, 3, 'again'),
    ]);
    await loads.drop('a.parquet', new TextEncoder().encode('none'));
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'failed' });
    expect(await loads.ledger.read(place)).toEqual(known);
    loads.clock.advance(2 * 86_400_000);
    expect(await loads.sweep()).toMatchObject({ removed: 1 });
    expect([await loads.read(), await readAgain()]).toEqual([
      readEvents(0, 2, 'mended'),
      readEvents(0, 3, 'again'),
    ]);
    // Rows that both refuse have files of their own, too.
    await loads.drop('a.parquet', `${someEvents(0, 200)} UNION ALL SELECT NULL, 'x', 'nobody'`);
    for (const how of [{}, again])
      expect(await loads.load({ ...how, reason: 'changed' })).toMatchObject({ rows: { refused: 1 } });
    const refused = await loads.rowsUnder('quarantine/');
    expect(refused.map((row) => row['key_label']).sort()).toEqual(['acme/again', 'acme/events']);
  });
});
