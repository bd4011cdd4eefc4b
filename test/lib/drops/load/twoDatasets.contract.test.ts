import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../../lib/base/time.ts';
import { loadMessages } from '../../../../lib/drops/load/loadMessages.ts';
import { DAY, ends, type Loads, readEvents, someEvents, startLoads } from './startLoads.ts';

/** The task of the second dataset; the first is `events`, which is the default. */
const again = { dataset: 'again' };
const againPlace = { source: 'acme', dataset: 'again', day: DAY };

describe('two datasets of the same folder', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads({}, [
      {
        name: 'again',
        kind: 'events',
        folder: 'events',
        table: 'acme_again',
        mapping: { eventName: { constant: 'again' } },
      },
    ]);
  });
  afterEach(() => loads.close());

  /** What the tables of both have of users and names, sorted: every version of `again` that still has files. */
  const read = async () => {
    const rows = await loads.rowsUnder(`statsig/ingested/acme_again/${DAY}/`);
    return {
      events: await loads.read(),
      again: rows.map((row) => `${row['user_id']} ${row['event_name']}`).sort(),
    };
  };
  /** Drops three events, which both datasets load. */
  const loadBoth = async () => {
    await loads.dropEvents('a', 0, 3);
    return Promise.all([loads.load(), loads.load(again)]);
  };

  it('keep the rows and the ledger of one when the other is corrected, fails and is swept', async () => {
    await loadBoth();
    const known = await loads.ledger.read(againPlace);
    const corrected = { events: readEvents(0, 2, 'mended'), again: readEvents(0, 3, 'again') };
    await loads.dropEvents('a', 0, 2, 'mended');
    await ends(loads.load({ reason: 'changed' }), 'succeeded');
    expect(await read()).toEqual(corrected);
    await loads.drop('a.parquet', Buffer.from('no Parquet'));
    await ends(loads.load({ reason: 'changed' }), 'failed');
    expect(await loads.ledger.read(againPlace)).toEqual(known);
    loads.clock.advance(2 * DAY_MS);
    // The version of `events` that was corrected.
    expect(await loads.sweep()).toMatchObject({ removed: 1 });
    expect(await read()).toEqual(corrected);
  });

  it('are both looked at for lost files in an hour in which the second is the first', async () => {
    await loadBoth();
    for (const key of await loads.keys('statsig/ingested/')) await loads.forget(key);
    const messages = [{ messageId: '0', body: '{"sluice":"sweep"}', receives: 1 }];
    await loadMessages(loads.makeLoader(), loads.makeRun(), messages, 3);
    const noted = ['ledger/acme/again/files.json', 'ledger/acme/events/files.json'];
    expect((await loads.keys('ledger/acme/')).filter((key) => key.endsWith('files.json'))).toEqual(noted);
  });

  it('each write the rows that they refuse to files of their own', async () => {
    // A day fails if more than 1 % of its rows are refused (`refusedShare`): one of 201 is fewer.
    const nobody = `SELECT NULL AS timestamp, 'x' AS event_name, 'nobody' AS unit_id`;
    await loads.drop('a.parquet', `${someEvents(0, 200)} UNION ALL BY NAME ${nobody}`);
    for (const task of [{}, again]) expect(await loads.load(task)).toMatchObject({ rows: { refused: 1 } });
    const refused = await loads.rowsUnder('quarantine/');
    expect(refused.map((row) => row['key_label']).sort()).toEqual(['acme/again', 'acme/events']);
  });
});
