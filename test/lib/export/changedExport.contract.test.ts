import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { actAt, both, ExportedDay, TABLES } from './ExportedDay.ts';
import { DAY, TARGET } from './startExport.ts';

describe('the export of a day whose files change', () => {
  let day: ExportedDay;
  beforeEach(async () => {
    day = await ExportedDay.start();
  });
  afterEach(() => day.world.close());

  describe.each([
    { what: 'all', gone: ['a.parquet', 'b.parquet'], left: ['a kept', 'b kept'] },
    { what: 'some', gone: ['b.parquet'], left: ['a loaded', 'b kept'] },
  ] as const)('when $what of its files are gone', ({ gone, left }) => {
    it.each(TABLES)('takes nothing away until they are back, from a table $what', async ({ files }) => {
      const table = day.world.tableWith(files);
      day.world.clock.advance(HOUR_MS);
      await day.run({ table });
      const { fingerprint } = day.world.manifest(await day.world.exported());
      for (const name of gone) day.world.remove(name);
      for (let times = 0; times < 2; times += 1) {
        expect(await day.run({ table })).toMatchObject({ copied: 0, removed: 0 });
        expect(await day.contents()).toEqual(both('first', 'second'));
        expect(await day.entry()).toMatchObject({ state: 'succeeded', bytes: 35 });
        expect(await day.fates()).toEqual(left);
        expect(day.world.manifest(await day.world.exported())).toMatchObject({ bytes: 35, fingerprint });
      }
      for (const name of gone) await day.world.put(name, name === 'a.parquet' ? 'first' : 'second');
      expect(await day.run({ table })).toMatchObject({ removed: 0 });
      expect(await day.fates()).toEqual(['a loaded', 'b loaded']);
    });

    it('takes their copies away once it is told to drop them', async () => {
      await day.run();
      for (const name of gone) day.world.remove(name);
      await day.run();
      expect(await day.drop()).toMatchObject({ removed: gone.length });
      expect((await day.contents()).there).toHaveLength(2 - gone.length);
    });
  });

  it.each(TABLES)(
    'keeps the copy of a file in whose place there is another, from a table $what',
    async ({ files }) => {
      const table = day.world.tableWith(files);
      day.world.clock.advance(HOUR_MS);
      await day.run({ table });
      await day.world.put('a.parquet', '');
      await day.world.put('b.parquet', 'half');
      for (const copied of [1, 0]) {
        expect(await day.run({ table })).toMatchObject({ copied, removed: 0 });
        expect(await day.contents()).toEqual(both('first', 'half', 'second'));
      }
      await day.world.put('a.parquet', 'first');
      await day.run({ table });
      expect(await day.fates()).toEqual(['a loaded', 'b kept', 'b loaded']);
      // It is copied back beside the file that replaced it: the copy goes once the other is there.
      await day.world.put('restored-b.parquet', 'second');
      await day.run({ table });
      expect((await day.contents()).there).toContain('second');
      day.world.clock.advance(HOUR_MS);
      await day.run({ table });
      expect(await day.fates()).toEqual(['a loaded', 'b loaded', 'restored-b loaded']);
      expect(await day.contents()).toEqual(both('first', 'half', 'second'));
    },
  );

  it.each([
    {
      what: 'of the same size is the file where ETags are no digests of the bytes, as with a key of KMS',
      isKms: true,
      text: 'fir5t',
      contents: both('fir5t', 'second'),
    },
    {
      what: 'of another size is another there, too',
      isKms: true,
      text: 'fir',
      contents: both('fir', 'first', 'second'),
    },
    {
      what: 'of the same size is another where ETags are digests',
      isKms: false,
      text: 'fir5t',
      contents: both('fir5t', 'first', 'second'),
    },
  ])('a file with another ETag in its place $what', async ({ isKms, text, contents }) => {
    const table = day.world.tableWith(undefined, undefined, isKms);
    await day.run({ table });
    await day.world.put('a.parquet', text);
    await day.run({ table });
    expect(await day.contents()).toEqual(contents);
  });

  it('keeps the copies of a day whose partition is gone', async () => {
    await day.run();
    const table = { ...day.world.table, locations: async () => new Map() };
    expect(await day.run({ table })).toMatchObject({ copied: 0, removed: 0 });
    expect(await day.contents()).toEqual(both('first', 'second'));
    expect(await day.fates()).toEqual(['a kept', 'b kept']);
  });

  it('knows what an erasure has replaced, also after an export that failed, and no other file in its place', async () => {
    await day.run();
    await day.erase('a.parquet', 'erased', { endedAt: day.world.clock.now() });
    day.world.clock.advance(1);
    day.world.store.bucket(TARGET).settings = {};
    expect(await day.run()).toMatchObject({ entry: { state: 'failed' } });
    expect(await day.fates()).toEqual(['a loaded', 'b loaded']);
    day.world.openTarget();
    expect(await day.run()).toMatchObject({ removed: 1 });
    expect(await day.contents()).toEqual(both('erased', 'second'));
    await day.erase('a.parquet', 'erased twice');
    await day.world.put('a.parquet', 'half');
    await day.run();
    expect(await day.contents()).toEqual(both('erased', 'half', 'second'));
  });

  it('knows what an erasure has replaced before it lists, and notes while it copies', async () => {
    await day.run();
    const replaced = await day.replaceFile('a.parquet', 'erased');
    const faultPoint = actAt('copied', () => day.noteReplacement(replaced));
    expect(await day.run({ faultPoint })).toMatchObject({ removed: 1 });
    expect(await day.contents()).toEqual(both('erased', 'second'));
  });

  it('takes away what another version of the day, or retention, has taken', async () => {
    await day.run();
    await day.world.put('v2/c.parquet', 'third');
    const versioned = (table: typeof day.world.table) => ({
      table: { ...table, locations: async () => new Map([[DAY, `events/${DAY}/v2/`]]) },
    });
    expect(await day.run(versioned(day.world.table))).toMatchObject({ removed: 2 });
    expect(await day.contents()).toEqual(both('third'));
    day.world.remove('v2/c.parquet');
    // The clock says the day after.
    expect(await day.run(versioned(day.world.tableWith({ kind: 'raw', expireAfterDays: 2 })))).toMatchObject({
      removed: 0,
    });
    expect(await day.run(versioned(day.world.tableWith({ kind: 'raw', expireAfterDays: 1 })))).toMatchObject({
      removed: 1,
    });
  });

  it('leaves new files of a raw table to the next run, and takes replaced ones at once', async () => {
    const table = day.world.tableWith({ kind: 'raw', expireAfterDays: null });
    expect(await day.run({ table })).toMatchObject({ copied: 0 });
    day.world.clock.advance(HOUR_MS);
    expect(await day.run({ table })).toMatchObject({ copied: 2 });
    await day.erase('a.parquet', 'erased');
    await day.world.put('c.parquet', 'third');
    expect(await day.run({ table })).toMatchObject({ copied: 1, removed: 1 });
    expect(await day.contents()).toEqual(both('erased', 'second'));
    day.world.clock.advance(HOUR_MS / 2 - 1);
    expect(await day.run({ table })).toMatchObject({ copied: 0 });
    day.world.clock.advance(1);
    await day.run({ table });
    expect(await day.contents()).toEqual(both('erased', 'second', 'third'));
  });

  it('exports the new content of a file that is replaced during the read', async () => {
    let replaced = false;
    const faultPoint = actAt('listed', async () => {
      if (replaced) return;
      replaced = true;
      await day.world.put('a.parquet', 'replaced');
      day.world.remove('b.parquet');
    });
    await day.run({ faultPoint });
    expect(await day.contents()).toEqual(both('replaced'));
  });

  it('fails by name when files never stop changing', async () => {
    let n = 0;
    const faultPoint = actAt('listed', () => {
      n += 1;
      return day.world.put('a.parquet', `content ${n}`);
    });
    expect(await day.run({ faultPoint })).toMatchObject({
      entry: { failure: { code: 'SLUICE_EXPORT_FILES_CHANGING' } },
    });
  });
});
