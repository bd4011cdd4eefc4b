import { DeleteTableCommand } from '@aws-sdk/client-glue';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { NO_FILES } from '../../../../lib/ledger/LedgerEntry.ts';
import { sweepVersions } from '../../../../lib/ledger/sweepVersions.ts';
import { VERSION_NOTES, versionNoteKey } from '../../../../lib/tables/ledgerKeys.ts';
import { withoutNote } from '../../../harness/shortPages.ts';
import { DAY, ends, type Loads, someEvents, startLoads } from './startLoads.ts';

const TABLE_FOLDER = 'statsig/ingested/acme_events/';

describe('the sweep', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
  });
  afterEach(() => loads.close());

  const files = () => loads.keys(TABLE_FOLDER);
  async function loadRows(name: string, day = DAY) {
    await loads.drop('a.parquet', someEvents(0, 2, name), day);
    await ends(loads.load({ day }), 'succeeded');
  }

  it('deletes the version of a day whose last file was deleted a day later, even without another load', async () => {
    await loadRows('private');
    await loads.remove('a.parquet');
    const accepted = { reason: 'empty', fingerprint: NO_FILES } as const;
    await ends(loads.load(accepted), 'succeeded_no_data');
    expect(await files()).toHaveLength(1);
    loads.clock.advance(DAY_MS - 1_000);
    await loads.sweep();
    expect(await files()).toHaveLength(1);
    loads.clock.advance(2_000);
    expect(await loads.sweep()).toEqual({ removed: 1, kept: 0, failed: 0 });
    expect(await files()).toEqual([]);
    expect(await loads.keys(VERSION_NOTES)).toEqual([]);
  });

  it('keeps the version that queries read even if the ledger does not record it', async () => {
    await loadRows('first');
    await loads.dropEvents('a', 0, 2, 'second');
    await ends(loads.load({ killAt: 'moved' }), 'killed');
    loads.clock.advance(DAY_MS + 1);
    expect(await loads.sweep()).toEqual({ removed: 1, kept: 1, failed: 0 });
    await loads.expectEvents(0, 2, 'second');
  });

  it('keeps a version for a day from when it was replaced, not from when it was written', async () => {
    await loadRows('first');
    loads.clock.advance(DAY_MS - MINUTE_MS);
    await loadRows('second');
    loads.clock.advance(2 * MINUTE_MS);
    await loads.sweep();
    expect(await files()).toHaveLength(2);
    loads.clock.advance(DAY_MS);
    await loads.sweep();
    expect(await files()).toHaveLength(1);
    await loads.expectEvents(0, 2, 'second');
  });

  it('keeps the version of a killed load, which queries have read, for a day from when it was replaced', async () => {
    await loadRows('first');
    const [first] = await files();
    await loads.dropEvents('a', 0, 2, 'second');
    await ends(loads.load({ killAt: 'moved' }), 'killed');
    const second = (await files()).find((key) => key !== first);
    loads.clock.advance(DAY_MS - MINUTE_MS);
    await loadRows('third');
    loads.clock.advance(2 * MINUTE_MS);
    await loads.sweep();
    expect(await files()).toContain(second);
    loads.clock.advance(DAY_MS);
    await loads.sweep();
    expect(await files()).toHaveLength(1);
  });

  it('finds every version: a load is handed back while a note of one is not written', async () => {
    await loadRows('first');
    await loads.dropEvents('a', 0, 2, 'second');
    for (const nth of [1, 2]) {
      const loader = { landing: withoutNote(loads.makeLoader().landing, nth) };
      await ends(loads.load({ loader }), 'handed_back');
      await loads.expectEvents(0, 2, 'first');
    }
    await ends(loads.load(), 'succeeded');
    loads.clock.advance(3 * DAY_MS);
    await loads.sweep();
    expect(await files()).toHaveLength(1);
  });

  it.each([
    { what: 'all notes', isList: (prefix: string) => prefix === VERSION_NOTES },
    { what: 'its own note again', isList: (prefix: string) => prefix.length > VERSION_NOTES.length },
  ])('keeps a version that is replaced once the sweep has read $what', async ({ isList }) => {
    await loadRows('first');
    loads.clock.advance(DAY_MS + 1);
    const loader = loads.makeLoader();
    let replaced = false;
    const landing: typeof loader.landing = {
      ...loader.landing,
      async list(prefix, after) {
        const keys = await loader.landing.list(prefix, after);
        if (isList(prefix) && !replaced) {
          replaced = true;
          await loadRows('second');
        }
        return keys;
      },
    };
    expect(await sweepVersions({ ...loader, landing }, loads.makeRun())).toMatchObject({ removed: 0 });
    expect(await files()).toHaveLength(2);
    loads.clock.advance(DAY_MS + 1);
    await loads.sweep();
    expect(await files()).toHaveLength(1);
    await loads.expectEvents(0, 2, 'second');
  });

  it('deletes the version of a dropped partition once the day is loaded again', async () => {
    await loadRows('first');
    // The note that the load left when it began is gone.
    loads.clock.advance(DAY_MS + 1);
    expect(await loads.sweep()).toEqual({ removed: 0, kept: 1, failed: 0 });
    await loads.dropPartition();
    await ends(loads.load({ reason: 'backfill' }), 'succeeded');
    expect(await files()).toHaveLength(2);
    loads.clock.advance(DAY_MS + 1);
    await loads.sweep();
    expect(await files()).toHaveLength(1);
    await loads.expectEvents(0, 2, 'first');
  });

  it('keeps the version in the ledger of a deleted table, and deletes others and those of former datasets', async () => {
    await loadRows('first');
    await loadRows('second');
    const at = loads.clock.now();
    const gone = { table: 'acme_removed', day: DAY, version: '20261101T090000000Z-00000001' };
    const key = `statsig/ingested/acme_removed/${DAY}/${gone.version}/0.parquet`;
    await loads.s3.send(new PutObjectCommand({ Bucket: 'sluice-own', Key: key, Body: 'x' }));
    await loads.s3.send(
      new PutObjectCommand({ Bucket: 'sluice-own', Key: versionNoteKey({ due: at, ...gone }), Body: '' }),
    );
    await loads.glue.send(
      new DeleteTableCommand({ DatabaseName: loads.config.database, Name: 'acme_events' }),
    );
    loads.clock.advance(DAY_MS + 1);
    await loads.sweep();
    const version = (await loads.entry())?.version;
    expect(await loads.keys('statsig/')).toEqual([
      expect.stringContaining(`${TABLE_FOLDER}${DAY}/${version}/`),
    ]);
    expect(await loads.keys(VERSION_NOTES)).toEqual([]);
  });

  it('keeps the only rows of a dropped partition, from which the day is read again', async () => {
    await loadRows('first');
    await loads.remove('a.parquet');
    await loads.dropPartition();
    loads.clock.advance(DAY_MS + 1);
    expect(await loads.sweep()).toEqual({ removed: 0, kept: 1, failed: 0 });
    await ends(loads.load({ reason: 'backfill' }), 'inputs_missing');
    await loads.expectEvents(0, 2, 'first');
  });
});
