import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { actAt, ExportedDay, TABLES } from './ExportedDay.ts';
import { DAY, type ExportWorld, TARGET } from './startExport.ts';

describe('the export of a day whose files change', () => {
  let day: ExportedDay;
  let world: ExportWorld;
  beforeEach(async () => {
    day = await ExportedDay.start();
    ({ world } = day);
  });
  afterEach(() => world.close());

  describe.each([
    { what: 'all', gone: ['a.parquet', 'b.parquet'], left: ['a kept', 'b kept'] },
    { what: 'some', gone: ['b.parquet'], left: ['a loaded', 'b kept'] },
  ] as const)('when $what of its files are gone', ({ gone, left }) => {
    it.each(TABLES)('takes nothing away until they are back, from a table $what', async ({ files }) => {
      const table = world.tableWith(files);
      world.clock.advance(HOUR_MS);
      await day.run({ table });
      const { fingerprint } = world.manifest(await world.exported());
      for (const name of gone) world.remove(name);
      for (let times = 0; times < 2; times += 1) {
        await day.ends({ copied: 0, removed: 0 }, { table });
        await day.has('first', 'second');
        expect(await day.entry()).toMatchObject({ state: 'succeeded', bytes: 35 });
        expect(await day.fates()).toEqual(left);
        expect(world.manifest(await world.exported())).toMatchObject({ bytes: 35, fingerprint });
      }
      for (const name of gone) await world.put(name, name === 'a.parquet' ? 'first' : 'second');
      await day.ends({ removed: 0 }, { table });
      expect(await day.fates()).toEqual(['a loaded', 'b loaded']);
    });

    it('takes their copies away once it is told to drop them', async () => {
      await day.run();
      for (const name of gone) world.remove(name);
      await day.run();
      expect(await day.drop()).toMatchObject({ removed: gone.length });
      expect((await day.contents()).there).toHaveLength(2 - gone.length);
    });
  });

  it.each(TABLES)(
    'keeps the copy of a file in whose place there is another, from a table $what',
    async ({ files }) => {
      const table = world.tableWith(files);
      world.clock.advance(HOUR_MS);
      await day.run({ table });
      await world.put('a.parquet', '');
      await world.put('b.parquet', 'half');
      for (const copied of [1, 0]) {
        await day.ends({ copied, removed: 0 }, { table });
        await day.has('first', 'half', 'second');
      }
      await world.put('a.parquet', 'first');
      await day.run({ table });
      expect(await day.fates()).toEqual(['a loaded', 'b kept', 'b loaded']);
      // It is copied back beside the file that replaced it: the copy goes once the other is there.
      await world.put('restored-b.parquet', 'second');
      await day.run({ table });
      expect((await day.contents()).there).toContain('second');
      world.clock.advance(HOUR_MS);
      await day.run({ table });
      expect(await day.fates()).toEqual(['a loaded', 'b loaded', 'restored-b loaded']);
      await day.has('first', 'half', 'second');
    },
  );

  it.each([
    {
      what: 'of the same size is the file where ETags are no digests of the bytes, as with a key of KMS',
      isKms: true,
      text: 'fir5t',
      contents: ['fir5t', 'second'],
    },
    {
      what: 'of another size is another there, too',
      isKms: true,
      text: 'fir',
      contents: ['fir', 'first', 'second'],
    },
    {
      what: 'of the same size is another where ETags are digests',
      isKms: false,
      text: 'fir5t',
      contents: ['fir5t', 'first', 'second'],
    },
  ])('a file with another ETag in its place $what', async ({ isKms, text, contents }) => {
    const table = world.tableWith(undefined, undefined, isKms);
    await day.run({ table });
    await world.put('a.parquet', text);
    await day.run({ table });
    await day.has(...contents);
  });

  it('keeps the copies of a day whose partition is gone', async () => {
    await day.run();
    const table = { ...world.table, locations: async () => new Map() };
    await day.ends({ copied: 0, removed: 0 }, { table });
    await day.has('first', 'second');
    expect(await day.fates()).toEqual(['a kept', 'b kept']);
  });

  it('knows what an erasure has replaced, also after an export that failed, and no other file in its place', async () => {
    await day.run();
    await day.erase('a.parquet', 'erased', { endedAt: world.clock.now() });
    world.clock.advance(1);
    world.store.bucket(TARGET).settings = {};
    await day.ends({ entry: { state: 'failed' } });
    expect(await day.fates()).toEqual(['a loaded', 'b loaded']);
    world.openTarget();
    await day.ends({ removed: 1 });
    await day.has('erased', 'second');
    await day.erase('a.parquet', 'erased twice');
    await world.put('a.parquet', 'half');
    await day.run();
    await day.has('erased', 'half', 'second');
  });

  it('knows what an erasure has replaced before it lists, and notes while it copies', async () => {
    await day.run();
    const replaced = await day.replaceFile('a.parquet', 'erased');
    const faultPoint = actAt('copied', () => day.noteReplacement(replaced));
    await day.ends({ removed: 1 }, { faultPoint });
    await day.has('erased', 'second');
  });

  it('takes away what another version of the day, or retention, has taken', async () => {
    await day.run();
    await world.put('v2/c.parquet', 'third');
    const versioned = (table: typeof world.table) => ({
      table: { ...table, locations: async () => new Map([[DAY, `events/${DAY}/v2/`]]) },
    });
    await day.ends({ removed: 2 }, versioned(world.table));
    await day.has('third');
    world.remove('v2/c.parquet');
    // The clock says the day after.
    await day.ends(
      {
        removed: 0,
      },
      versioned(world.tableWith({ kind: 'raw', expireAfterDays: 2 })),
    );
    await day.ends(
      {
        removed: 1,
      },
      versioned(world.tableWith({ kind: 'raw', expireAfterDays: 1 })),
    );
  });

  it('leaves new files of a raw table to the next run, and takes replaced ones at once', async () => {
    const table = world.tableWith({ kind: 'raw', expireAfterDays: null });
    await day.ends({ copied: 0 }, { table });
    world.clock.advance(HOUR_MS);
    await day.ends({ copied: 2 }, { table });
    await day.erase('a.parquet', 'erased');
    await world.put('c.parquet', 'third');
    await day.ends({ copied: 1, removed: 1 }, { table });
    await day.has('erased', 'second');
    world.clock.advance(HOUR_MS / 2 - 1);
    await day.ends({ copied: 0 }, { table });
    world.clock.advance(1);
    await day.run({ table });
    await day.has('erased', 'second', 'third');
  });

  it('exports the new content of a file that is replaced during the read', async () => {
    let replaced = false;
    const faultPoint = actAt('listed', async () => {
      if (replaced) return;
      replaced = true;
      await world.put('a.parquet', 'replaced');
      world.remove('b.parquet');
    });
    await day.run({ faultPoint });
    await day.has('replaced');
  });

  it('fails by name when files never stop changing', async () => {
    let n = 0;
    const faultPoint = actAt('listed', () => {
      n += 1;
      return world.put('a.parquet', `content ${n}`);
    });
    await day.ends(
      {
        entry: { failure: { code: 'SLUICE_EXPORT_FILES_CHANGING' } },
      },
      { faultPoint },
    );
  });
});
