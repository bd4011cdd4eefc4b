import { Readable } from 'node:stream';
import { type Column, DeletePartitionCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueError } from '../../../lib/base/queue.ts';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { VERSION } from '../../../lib/base/version.ts';
import { type CurateFaultPoint, type Curator, curateFaultPoints } from '../../../lib/curate/Curator.ts';
import { countDays } from '../../../lib/curate/countDays.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import { readPartition } from '../../../lib/ledger/movePartition.ts';
import { EngineError } from '../../../lib/parquet/EngineError.ts';
import { curatedSubject, VERSION_NOTES } from '../../../lib/tables/ledgerKeys.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { LEASE_MS } from '../../harness/attemptAt.ts';
import { type Curations, DAY, exposures, ids, startCurations } from './startCurations.ts';

const FOLDER = `statsig/ingested/curated_exposures/${DAY}/`;

describe('a day that is curated', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.land('a', exposures(0, 20));
    await curations.land('b', exposures(10, 40, DAY, '11:00:00'));
  });
  afterEach(() => curations.close());

  const place = () => curatedSubject(curations.config, 'exposures', DAY);
  const landLate = () => curations.land('late', exposures(40, 41));
  /** Another takes the day, as the lease of its worker has ended. */
  const takeOver = async () => {
    curations.endLease();
    const until = curations.clock.now() + 10 * LEASE_MS;
    await curations.ledger.claim(place(), 'another', until, (entry) => ({ entry, isNext: true }));
  };
  const curated = { outcome: 'curated' };
  const handedBack = { outcome: 'handed_back', failure: { code: 'SLUICE_CURATE_FILES_CHANGED' } };

  it('has one row an event, an account that adds up, and is read by the views', async () => {
    // No file of rows.
    await curations.land('empty', new Uint8Array());
    await curations.expectRead(40);
    expect(await curations.night()).toMatchObject([
      { outcome: 'curated', account: { rawRows: 50, rows: 40, resends: 10, differing: 0 } },
    ]);
    const entry = await curations.entry();
    expect(entry).toMatchObject({
      state: 'succeeded',
      rows: { in: 50, out: 40, refused: 0 },
      curated: { code: VERSION, account: { rawRows: 50, rows: 40, resends: 10 } },
    });
    expect(entry?.curated?.run).toBeUndefined();
    expect(entry?.lease).toBeUndefined();
    const location = await curations.curatedLocation();
    expect(location).toBe(`${FOLDER}${entry?.version}/`);
    expect(await curations.rowsUnder(location ?? '')).toHaveLength(40);
    expect(await curations.viewDays()).toEqual({ exposures: [{ from: DAY, to: DAY }], events: [] });
    await curations.expectRead(40);
  });

  it('ends with the same result after a kill at every step in turn, and readers see every row after each', async () => {
    await curations.night();
    await landLate();
    await curations.check();
    const before = await curations.curatedLocation();
    curations.nextNight();
    const task = await curations.task();
    for (const killAt of curateFaultPoints) {
      await curations.kill(task, killAt);
      expect({ killAt, read: await curations.read() }).toEqual({ killAt, read: ids(0, 41) });
      curations.endLease();
    }
    expect(await curations.curate(task)).toEqual({ outcome: 'unchanged' });
    await curations.work();
    expect((await curations.viewDays())?.exposures).toEqual([{ from: DAY, to: DAY }]);
    const after = (await curations.curatedLocation()) ?? '';
    await curations.expectRead(41);
    expect(await curations.rowsUnder(after)).toHaveLength(41);
    // A sweep at once leaves what was replaced, and sweeps after two and four days leave what is read alone.
    await curations.sweep();
    expect(await curations.keys(before ?? '')).not.toEqual([]);
    for (const _ of [1, 2]) {
      curations.clock.advance(2 * DAY_MS);
      await curations.sweep();
    }
    expect((await curations.keys(FOLDER)).filter((key) => !key.startsWith(after))).toEqual([]);
    expect(await curations.keys(VERSION_NOTES)).toEqual([]);
    await curations.expectRead(41);
  });

  it.each<{ readonly point: CurateFaultPoint; readonly isMoved: boolean }>([
    { point: 'curated', isMoved: false },
    { point: 'checked', isMoved: false },
    { point: 'moved', isMoved: true },
  ])('is not published by a worker that has lost it to another at $point', async ({ point, isMoved }) => {
    const outcome = await curations.curate(await curations.task(), { at: { [point]: takeOver } });
    expect(outcome).toEqual({ outcome: 'lost' });
    expect(await curations.entry()).toMatchObject({ state: 'loading', lease: { owner: 'another' } });
    expect(await curations.listedDays()).toEqual([]);
    expect((await curations.curatedLocation()) !== null).toBe(isMoved);
  });

  it('is not noted as failed by a worker that has lost it to another', async () => {
    const failing = {
      at: { claimed: takeOver },
      run: { isLastAttempt: true },
      curator: { curate: () => Promise.reject(new Error('broken')) },
    };
    expect(await curations.curate(await curations.task(), failing)).toEqual({ outcome: 'lost' });
    expect(await curations.entry()).toMatchObject({ state: 'loading', lease: { owner: 'another' } });
  });

  // Before the version is made and once it is; behind the look of its publication; and before and behind the day is listed.
  it.each<{ readonly point: CurateFaultPoint; readonly outcome: object; readonly isMoved: boolean }>([
    { point: 'claimed', outcome: handedBack, isMoved: false },
    { point: 'recorded', outcome: handedBack, isMoved: false },
    { point: 'noted', outcome: curated, isMoved: true },
    { point: 'settled', outcome: curated, isMoved: true },
    { point: 'listed_day', outcome: curated, isMoved: true },
  ])('is not read by views if a raw file comes at $point', async ({ point, outcome, isMoved }) => {
    const task = await curations.task();
    expect(await curations.curate(task, { at: { [point]: landLate } })).toMatchObject(outcome);
    // Before any plan looks.
    expect((await curations.curatedLocation()) !== null).toBe(isMoved);
    expect(await curations.listedDays()).toEqual([]);
    await curations.work();
    expect(await curations.listedDays()).toEqual([]);
    await curations.expectRead(41);
  });

  it('is not read by views if a raw file comes while the plan lists what a killed task has published', async () => {
    await curations.kill(await curations.task(), 'settled');
    const { listed } = curations;
    const write: typeof listed.write = async (...args) => {
      const isWritten = await listed.write(...args);
      if (DAY in args[1]) await landLate();
      return isWritten;
    };
    const [planned] = await curations.planDays({ listed: { ...listed, write } });
    expect(planned?.listed).toEqual([]);
    expect(await curations.listedDays()).toEqual([]);
    await curations.expectRead(41);
  });

  it('that has lost a raw file is not published if somebody takes files of the version whose rows it keeps', async () => {
    // An event whose copies differ is in a file of its own.
    await curations.land('c', exposures(0, 1).replace('production', 'staging'));
    await curations.night();
    await curations.removeRaw('b');
    curations.nextNight();
    const task = await curations.task();
    expect(task?.reason).toBe('kept');
    await curations.expectRead(40);
    const before = (await curations.curatedLocation()) ?? '';
    const takeAway = async () => {
      const [Key, ...others] = await curations.keys(before);
      expect(others).toHaveLength(1);
      await curations.s3.send(new DeleteObjectCommand({ Bucket: curations.config.bucket, Key }));
    };
    expect(await curations.curate(task, { at: { curated: takeAway } })).toMatchObject({
      failure: { code: 'SLUICE_CURATE_FILES_CHANGED' },
    });
    expect(await curations.curatedLocation()).toBe(before);
    expect(await curations.curate(task)).toMatchObject({
      failure: { code: 'SLUICE_CURATE_VERSION_INCOMPLETE' },
    });
  });

  it('keeps the note of an erasure that ends while the day is curated', async () => {
    const { clock, ledger } = curations;
    const erased: { readonly endedAt: number }[] = [];
    const erase = async () => {
      clock.advance(1);
      const erasure = { id: 'e1', at: clock.now(), endedAt: clock.now() };
      erased.push(erasure);
      await ledger.change(place(), (entry) => ({
        entry: noteErasure(entry, erasure),
      }));
    };
    expect(await curations.curate(await curations.task(), { at: { checked: erase } })).toMatchObject(curated);
    expect((await curations.entry())?.erasures).toMatchObject(erased);
  });

  it.each([
    { after: 36 * HOUR_MS, outcome: 'curated' },
    { after: 36 * HOUR_MS + 1, outcome: 'outdated' },
  ])(
    'is $outcome by a task that begins $after ms after it was sent: later its version may be deleted',
    async ({ after, outcome }) => {
      const task = await curations.task();
      curations.clock.advance(after);
      expect(await curations.curate(task)).toMatchObject({ outcome });
    },
  );

  it('is busy for a second task, whose message comes again', async () => {
    const task = await curations.task();
    if (task === undefined) throw new Error('no task');
    const second: unknown[] = [];
    const both = async () => {
      second.push(await curations.curate(task));
      second.push(await curations.messages([task]));
    };
    expect(await curations.curate(task, { at: { claimed: both } })).toMatchObject(curated);
    expect(second).toEqual([{ outcome: 'busy' }, [0]]);
  });

  it('whose task is delivered again after its version is published is not made again, and readers see a new raw file', async () => {
    const task = await curations.task();
    await curations.kill(task, 'settled');
    await landLate();
    expect(await curations.curate(task)).toEqual({ outcome: 'unchanged' });
    expect(await curations.listedDays()).toEqual([]);
    await curations.expectRead(41);
  });

  it.each([
    {
      by: 'its partition has the version already',
      disturb: async (version: string) => {
        const { catalog, config, bucket, clock, wait, random } = curations.makeCurator();
        const ports = { catalog, config, bucket, clock, wait, random };
        const table = config.curatedTables.exposures;
        const partition = await readPartition(ports, { table, day: DAY }, clock.now() + 1_000);
        await partition.moveTo(versionPrefix(config, table, DAY, version));
      },
      isReplaced: false,
    },
    { by: 'nobody disturbs it', disturb: async () => undefined, isReplaced: true },
  ])(
    'names the version that it replaces, and none that queries read: $by',
    async ({ disturb, isReplaced }) => {
      await curations.night();
      const before = (await curations.entry())?.version ?? '';
      await landLate();
      curations.nextNight();
      const task = await curations.task();
      const at = { checked: () => disturb(task?.version ?? '') };
      expect(await curations.curate(task, { at })).toMatchObject(curated);
      expect(task?.version).not.toBe(before);
      const superseded = (await curations.entry())?.superseded.map(({ version }) => version);
      expect(superseded).toEqual(isReplaced ? [before] : []);
    },
  );

  it('is settled once by two tasks that find the partition moved', async () => {
    await curations.night();
    await landLate();
    curations.nextNight();
    const task = await curations.task();
    await curations.kill(task, 'moved');
    curations.endLease();
    const real = curations.makeCurator().ledger;
    let settledOnce: unknown;
    const ledger: Curator['ledger'] = {
      read: real.read.bind(real),
      claim: real.claim.bind(real),
      own: real.own.bind(real),
      renew: real.renew.bind(real),
      async change(subject, decide) {
        expect(await curations.curate(task)).toEqual({ outcome: 'unchanged' });
        settledOnce = await curations.entry();
        return real.change(subject, decide);
      },
    };
    expect(await curations.curate(task, { curator: { ledger } })).toEqual({ outcome: 'unchanged' });
    expect(await curations.entry()).toEqual(settledOnce);
  });

  it('is handed back if a raw file is replaced before it is read', async () => {
    const replace = () => curations.land('a', exposures(0, 20, DAY, '10:30:00'));
    const outcome = await curations.curate(await curations.task(), { at: { claimed: replace } });
    expect(outcome).toMatchObject(handedBack);
  });

  it('is handed back if a raw file breaks off each time', async () => {
    const { raw } = curations.makeCurator();
    const read = async () => Readable.from([new Uint8Array(1)]);
    const outcome = await curations.curate(await curations.task(), { curator: { raw: { ...raw, read } } });
    expect(outcome).toMatchObject({
      outcome: 'handed_back',
      failure: { code: 'SLUICE_CURATE_BUCKET_FAILED' },
    });
  });

  it('that has kept rows is made without them once somebody drops them, and without rows is not listed', async () => {
    await curations.night();
    const first = (await curations.curatedLocation()) ?? '';
    for (const name of ['a', 'b']) await curations.removeRaw(name);
    curations.nextNight();
    await curations.night();
    await curations.expectRead(40);
    expect(await curations.listedDays()).toEqual([DAY]);
    // The next night may read its rows once more.
    curations.nextNight();
    await curations.sweep();
    expect(await curations.keys(first)).not.toEqual([]);
    await curations.ledger.change(place(), (known) => {
      const { kept } = known.curated ?? {};
      if (kept === undefined) throw new RangeError('Nothing is kept.');
      return { entry: { ...known, curated: { ...known.curated, kept: { ...kept, accepted: 'drop' } } } };
    });
    curations.nextNight();
    expect(await curations.night()).toMatchObject([{ outcome: 'curated', account: { kept: 0, rows: 0 } }]);
    expect(await curations.entry()).toMatchObject({ state: 'succeeded_no_data' });
    expect((await curations.entry())?.curated?.kept).toBeUndefined();
    expect(await curations.listedDays()).toEqual([]);
    expect((await curations.viewDays())?.exposures).toEqual([]);
    expect(await curations.curatedRows()).toEqual([]);
  });

  it('is curated again once its partition is gone, and what it replaces is deleted', async () => {
    await curations.night();
    const before = (await curations.entry())?.version;
    // The note that its task left when it began is gone.
    curations.clock.advance(2 * DAY_MS);
    await curations.sweep();
    const { database: DatabaseName, curatedTables } = curations.config;
    const partition = { DatabaseName, TableName: curatedTables.exposures, PartitionValues: [DAY] };
    await curations.glue.send(new DeletePartitionCommand(partition));
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
    await curations.expectRead(40);
    expect((await curations.entry())?.version).not.toBe(before);
    curations.clock.advance(2 * DAY_MS);
    await curations.sweep();
    expect(await curations.keys(`${FOLDER}${before}/`)).toEqual([]);
  });

  it('without rows has no version, and is no day that waits to be curated', async () => {
    for (const name of ['a', 'b']) await curations.land(name, exposures(0, 0));
    expect(await curations.night()).toMatchObject([{ outcome: 'curated', account: { rows: 0 } }]);
    expect(await curations.entry()).toMatchObject({ state: 'succeeded_no_data' });
    expect(await curations.curatedLocation()).toBeNull();
    expect((await curations.entry())?.version).toBeUndefined();
    expect(await countDays(curations.makePlanner(), 'exposures')).toMatchObject({ oldest: null });
  });

  it.each([
    { what: 'lacks columns', change: (columns: readonly Column[]) => columns.slice(0, 1) },
    {
      what: 'has a column of another type',
      change: ([first, ...others]: readonly Column[]) => [{ Name: first?.Name, Type: 'binary' }, ...others],
    },
  ])('is not published while its table $what', async ({ change }) => {
    await changeColumns(curations, change);
    expect(await curations.curate(await curations.task())).toMatchObject({
      failure: { code: 'SLUICE_CURATE_TABLE_DIFFERS' },
    });
    expect(await curations.curatedLocation()).toBeNull();
    expect(await curations.listedDays()).toEqual([]);
  });

  it('is not published while its version is not whole', async () => {
    await changeColumns(curations, (columns) => columns.slice(0, 1));
    const task = await curations.task();
    // Its files are made, and not published.
    expect(await curations.curate(task)).toMatchObject({ failure: { code: 'SLUICE_CURATE_TABLE_DIFFERS' } });
    for (const Key of await curations.keys(FOLDER))
      await curations.s3.send(new DeleteObjectCommand({ Bucket: curations.config.bucket, Key }));
    expect(await curations.curate(task)).toMatchObject({
      failure: { code: 'SLUICE_CURATE_VERSION_INCOMPLETE' },
    });
    expect(await curations.curatedLocation()).toBeNull();
  });

  it('too large for one function is made slice by slice, although the message of a slice is lost or not sent', async () => {
    const freeBytes = async () => 2_500;
    const task = await curations.task();
    const first = await curations.curate(task, { curator: { freeBytes } });
    if (first === 'killed' || first.outcome !== 'slice') throw new Error('No slice was made.');
    expect(first.done).toBe(1);
    const { slices } = first;
    expect(slices).toBeGreaterThan(2);
    expect(curations.takeTasks()).toEqual([task]);
    // Its message is lost. What is made stays meanwhile.
    curations.nextNight();
    await curations.sweep();
    expect((await curations.task())?.version).toBe(task?.version);
    const away = { send: () => Promise.reject(new QueueError('SLUICE_QUEUE_NOT_SENT')) };
    for (let done = 2; done < slices; done += 1)
      expect(await curations.curate(task, { curator: { freeBytes, tasks: away } })).toMatchObject({
        outcome: 'handed_back',
        failure: { code: 'SLUICE_QUEUE_NOT_SENT' },
      });
    expect(await curations.curate(task, { curator: { freeBytes } })).toMatchObject({
      outcome: 'curated',
      account: { rawRows: 50, rows: 40, resends: 10 },
    });
    expect(await curations.curatedRows()).toHaveLength(40);
  });

  it.each<{ readonly when: string; readonly curator: Partial<Curator>; readonly detail: string }>([
    {
      when: 'although it was planned to fit',
      curator: {
        curate: () => Promise.reject(new EngineError('SLUICE_ENGINE_OUT_OF_DISK', 'No space.')),
      },
      detail: 'No space',
    },
    { when: 'in any slices', curator: { freeBytes: async () => 1 }, detail: 'bytes of files' },
  ])('too large for the disk $when fails for good with a code of its own', async ({ curator, detail }) => {
    expect(await curations.curate(await curations.task(), { curator })).toMatchObject({
      outcome: 'failed',
      failure: { code: 'SLUICE_CURATE_DAY_TOO_LARGE', message: expect.stringContaining(detail) },
    });
  });
});

/** Changes the columns of the curated table of exposures, as somebody may by hand. */
async function changeColumns(
  { config, glue }: Curations,
  change: (columns: readonly Column[]) => readonly Column[],
): Promise<void> {
  const { name: Name, columns } = curatedTables(config).exposures;
  const Columns = [...change(columns.map(({ name, type }) => ({ Name: name, Type: type })))];
  const PartitionKeys = [{ Name: 'ds', Type: 'date' }];
  const StorageDescriptor = { Columns, Location: 's3://sluice-own/other-folder/' };
  const TableInput = { Name, PartitionKeys, StorageDescriptor };
  await glue.send(new UpdateTableCommand({ DatabaseName: config.database, TableInput }));
}
