import { DeletePartitionCommand } from '@aws-sdk/client-glue';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { curatedText } from '../../cli/observe/curatedText.ts';
import { type DaysAnswer, dayRoutes } from '../../console/api/days.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays, DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { noteRawDays } from '../../lib/landing/catalog/rawDays.ts';
import { exportsSchema } from '../../lib/schema/exports.ts';
import { curatedSubject } from '../../lib/tables/ledgerKeys.ts';
import { dayFolder, landedFileName } from '../../lib/tables/tableFolders.ts';
import { openDeployment } from '../../observe/deployment.ts';
import { readCuratedCalendar } from '../../observe/facts/days/curatedCalendar.ts';
import { readCurationState } from '../../observe/facts/days/curationState.ts';
import { readExports } from '../../observe/facts/days/exportDays.ts';
import { readArchivedDays } from '../../observe/facts/days/files/archivedDays.ts';
import { readLostDays } from '../../observe/facts/tables/partitionGaps.ts';
import { acceptLost } from '../../operate/curate/acceptLost.ts';
import { requestCuration } from '../../operate/curate/requests.ts';
import { answeredBy } from '../harness/answering.ts';
import { exportTo } from '../harness/configInput.ts';
import { type Curations, DAY, exposures, startCurations } from '../lib/curate/startCurations.ts';

/** What is sent to queues. */
function sentRequests() {
  const sent: string[] = [];
  const sqs = answeredBy<SQSClient, Readonly<{ Entries?: readonly { readonly MessageBody: string }[] }>>(
    SQSClient,
    ({ name, input: { Entries = [] } }) => {
      if (name !== 'SendMessageBatch') return { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/1/q' };
      sent.push(...Entries.map(({ MessageBody }) => MessageBody));
      return { Successful: [{ Id: '0' }] };
    },
  );
  return { sent, sqs };
}

describe('the calendar of curated days', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.land('a', exposures(0, 5));
    await curations.night();
  });
  afterEach(() => curations.close());

  const place = () => {
    const { s3, glue, config, clock } = curations;
    const { wait, random } = curations.makePlanner();
    return { s3, glue, config, clock, wait, random, now: clock.now() };
  };
  const STACK = { service: 'sluice', stage: 'local' };
  /** The deployment, with the queues' client. */
  const deployed = (sqs = new SQSClient({})) => ({ ...place(), sqs, stack: STACK });
  /** The next night. */
  const nextNight = async () => {
    curations.clock.advance(DAY_MS);
    return curations.night();
  };
  const calendar = () => readCuratedCalendar(place(), { kinds: ['exposures'], days: 3, until: DAY });

  it.each([
    { until: DAY, days: [DAY] },
    { until: addDays(DAY, -1), days: [] },
  ])('ends at the last day that the console asks for, $until', async ({ until, days }) => {
    const { config, now, ...readers } = place();
    const about = { config, now, stack: { service: 'sluice', stage: 'dev' }, isLocal: false };
    const deployment = { ...openDeployment(about, { region: 'us-east-1' }), ...readers };
    const query = { days: '3', until };
    const answer = await dayRoutes
      .find(({ path }) => path === '/api/days')
      ?.answer({ deployment, mayWrite: false, collector: null, query, body: undefined });
    const { curated } = answer as DaysAnswer;
    expect(curated?.tables[0]?.days.map(({ day }) => day)).toEqual(days);
  });

  it('names archived files, of raw days and of versions, since a look has seen them, until they can be read', async () => {
    const { store, config } = curations;
    const curated = (await curations.curatedLocation()) ?? '';
    const keys = [curated, dayFolder(config, 'exposures', DAY)].flatMap((prefix) =>
      store
        .list(config.bucket, { prefix, limit: 9 })
        .entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : [])),
    );
    const moveTo = async (key: string, storageClass?: 'GLACIER') => {
      const at = { bucket: config.bucket, key };
      const { storageClass: _, ...attributes } = store.head(at.bucket, key).attributes;
      await store.copy(at, at, {
        attributes: storageClass === undefined ? attributes : { ...attributes, storageClass },
      });
    };
    const archived = async () => {
      const states = await readCurationState(place());
      return (await readArchivedDays(place(), { curated: states, datasets: [] })).days;
    };
    expect(keys).toHaveLength(2);
    expect(await archived()).toEqual([]);
    for (const key of keys) await moveTo(key, 'GLACIER');
    const since = curations.clock.now();
    await curations.plan({ sluice: 'curate-check' });
    curations.clock.advance(HOUR_MS);
    await curations.plan({ sluice: 'curate-check' });
    const tables = [config.curatedTables.exposures, config.tables.exposures];
    const found = keys.map((key, i) => ({ table: tables[i], day: DAY, since, keys: [key] }));
    expect((await archived()).toSorted((first, other) => (first.table < other.table ? -1 : 1))).toEqual(
      found,
    );
    for (const key of keys) await moveTo(key);
    expect(await archived()).toEqual([]);
  });

  it('does not contradict a configuration that curates nothing', async () => {
    const off = async () => {
      const { config, ...rest } = place();
      return readCuratedCalendar(
        { ...rest, config: { ...config, curate: false } },
        { kinds: ['exposures'], days: 3, until: DAY },
      );
    };
    // The views of the last deployment still read it.
    expect(curatedText(await off())).toMatch(
      /until a deployment[\s\S]*views read 1 day from it[\s\S]* curated /,
    );
    await curations.deployViews(false);
    const shown = await off();
    expect(shown.tables[0]?.days).toMatchObject([{ day: DAY, state: 'off', isLate: false }]);
    expect(curatedText(shown)).toBe(
      'The configuration has `curate: false`: days are not curated, and views read the raw tables.\n',
    );
    // Nobody looks any more whether its files are there.
    const [file = ''] = await curations.keys(`statsig/ingested/curated_exposures/${DAY}/`);
    await curations.remove(file);
    await curations.plan({ sluice: 'curate-check' });
    expect((await calendar()).tables[0]?.days).toMatchObject([{ day: DAY, state: 'lacking' }]);
    expect((await off()).tables[0]?.days).toMatchObject([{ day: DAY, state: 'off' }]);
  });

  it('shows a day as outdated once the plan has seen that its raw files have changed', async () => {
    const key = await curations.land('late', exposures(5, 6));
    expect((await calendar()).tables[0]?.days).toMatchObject([{ state: 'curated', why: '' }]);
    await curations.plan(curations.fileEvent(key));
    expect((await calendar()).tables[0]?.days).toMatchObject([
      { state: 'outdated', why: expect.stringContaining('Its raw files or columns have changed') },
    ]);
  });

  it('finds a day whose partition is gone, which views name and do not read', async () => {
    const { glue, config } = curations;
    const tableInput = { DatabaseName: config.database, TableName: config.curatedTables.exposures };
    await glue.send(new DeletePartitionCommand({ ...tableInput, PartitionValues: [DAY] }));
    expect((await calendar()).tables[0]?.days).toMatchObject([
      { state: 'waiting', why: expect.stringContaining('does not have its partition') },
    ]);
    // It may have the only rows of raw files that are gone: the note from its start does not delete it.
    curations.clock.advance(7 * DAY_MS);
    expect(await curations.sweep()).toEqual({ removed: 0, kept: 1, failed: 0 });
  });

  it('has the days of which a run of the night is asked, and one message asks for all that are due', async () => {
    for (const day of ['2026-11-14', '2026-11-15', '2026-11-20'])
      await curations.land('a', exposures(0, 1, day), 'exposures', day);
    const { sent, sqs } = sentRequests();
    const ask = (dryRun: boolean) =>
      requestCuration(deployed(sqs), { dryRun, kinds: ['exposures', 'events'] });
    const tables = [
      { kind: 'exposures', table: 'curated_exposures', from: '2026-11-14', to: '2026-11-15', days: 2 },
      { kind: 'events', table: 'curated_events', from: null, to: null, days: 0 },
    ];
    expect(await ask(true)).toEqual({ dryRun: true, asked: tables });
    expect(sent).toEqual([]);
    expect(await ask(false)).toEqual({ dryRun: false, asked: tables });
    expect(sent.map((body): unknown => JSON.parse(body))).toEqual([
      { sluice: 'curate', kinds: ['exposures', 'events'], asked: 'run' },
    ]);
  });

  it('finds a day that failed until a try succeeds, and since when, also while it is tried again', async () => {
    const OTHER = '2026-11-15';
    await curations.land('a', exposures(0, 1, OTHER), 'exposures', OTHER);
    const broken = { curate: () => Promise.reject(new Error('broken')) };
    const tried = async (...receives: number[]) => {
      await curations.plan({ sluice: 'curate' });
      const tasks = curations.takeTasks();
      for (const receive of receives) await curations.messages(tasks, receive, broken);
      await curations.plan({ sluice: 'curate-check' });
      const [state] = await readCurationState(place());
      return state?.failed.map(({ day, since }) => ({ day, since }));
    };
    const failed = await tried(1, 2);
    expect(failed).toEqual([{ day: OTHER, since: expect.any(Number) }]);
    curations.clock.advance(DAY_MS);
    expect(await tried(1)).toEqual(failed);
    expect((await curations.ledger.read(curatedSubject(curations.config, 'exposures', OTHER)))?.state).toBe(
      'waiting',
    );
    expect(curations.logged.at(-1)).toMatchObject({ curations_failed: 1, curations_waiting: 0 });
    expect((await calendar()).tables[0]?.days[1]).toMatchObject({ day: OTHER, state: 'failed' });
  });

  it('has days of an export after its lookback, too, so that one that failed is named', async () => {
    const day = addDays(DAY, -20);
    const exports = exportsSchema
      .parse([exportTo({})])
      .map((dayExport) => ({ ...dayExport, lookbackDays: 8 }));
    const [status] = await readExports(place(), exports);
    expect(status?.days.map((listed) => listed.day)).toContain(day);
  });

  describe('of a day that keeps the rows of a raw file that is gone', () => {
    const kept = async () => (await readCurationState(place())).flatMap((state) => state.kept);
    const accept = (day: string, dryRun = false) =>
      acceptLost(deployed(), { kinds: ['exposures'], drop: false, dryRun, day });
    const acceptedDays = async () => (await readCurationState(place()))[0]?.accepted;
    beforeEach(async () => {
      await curations.land('b', exposures(5, 9));
      await nextNight();
      await curations.removeRaw('b');
      await nextNight();
    });

    it('names it among days that fail in the order of days, the newest first', async () => {
      const OLDER = '2026-11-15';
      await curations.land('old', exposures(0, 1, OLDER), 'exposures', OLDER);
      await curations.land('c', exposures(9, 10));
      curations.clock.advance(DAY_MS);
      await curations.plan({ sluice: 'curate' });
      const broken = { curate: () => Promise.reject(new Error('broken')) };
      const tasks = curations.takeTasks();
      for (const receive of [1, 2]) await curations.messages(tasks, receive, broken);
      const [state] = await readCurationState(place());
      expect(state?.failed.map(({ day }) => day)).toEqual([DAY, OLDER]);
    });

    it('finds how many rows it keeps, and of which files', async () => {
      const about = { day: DAY, rows: 4, replaced: [], isErased: false };
      expect(await kept()).toMatchObject([{ ...about, gone: ['b.parquet'] }]);
      expect((await calendar()).tables[0]?.days).toMatchObject([{ state: 'curated', account: { kept: 4 } }]);
    });

    it('finds it until somebody accepts it, and not by a dry run', async () => {
      const refusal = { code: 'SLUICE_CURATE_NOTHING_KEPT' };
      await expect(accept('2026-11-01')).rejects.toMatchObject(refusal);
      const off = { ...deployed(), config: { ...curations.config, curate: false } };
      const asked = { kinds: ['exposures'], drop: false, dryRun: false, day: DAY } as const;
      await expect(acceptLost(off, asked)).rejects.toMatchObject(refusal);
      expect(await accept(DAY, true)).toMatchObject({ dryRun: true, tables: [{ rows: 4 }] });
      expect(await kept()).toHaveLength(1);
      expect(await acceptedDays()).toEqual([]);
      expect(await accept(DAY)).toMatchObject({ dryRun: false, tables: [{ rows: 4 }] });
      expect(await kept()).toEqual([]);
      expect(await acceptedDays()).toEqual([DAY]);
      await nextNight();
      expect((await curations.read()).length).toBe(9);
      expect(await kept()).toEqual([]);
    });

    it('finds that its version has lost a file, which alone has the rows', async () => {
      await accept(DAY);
      await nextNight();
      const [file = ''] = await curations.keys((await curations.curatedLocation()) ?? '');
      await curations.remove(file);
      await curations.plan({ sluice: 'curate-check' });
      const [state] = await readCurationState(place());
      expect(state?.lacking).toMatchObject([{ day: DAY, isOnly: true }]);
    });
  });

  it('drops what a day keeps with its next version once somebody says so, and not in a dry run', async () => {
    await curations.land('b', exposures(5, 9));
    await nextNight();
    await curations.removeRaw('b');
    await nextNight();
    expect((await curations.read()).length).toBe(9);
    const { sent, sqs } = sentRequests();
    const deployment = deployed(sqs);
    const asked = { kinds: ['exposures', 'events'] as const, drop: true, day: DAY };
    expect(await acceptLost(deployment, { ...asked, dryRun: true })).toMatchObject({
      drop: true,
      tables: [{ rows: 4 }],
    });
    expect(sent).toEqual([]);
    expect((await curations.entry())?.curated?.kept?.accepted).toBeUndefined();
    await acceptLost(deployment, { ...asked, dryRun: false });
    expect(sent.map((body): unknown => JSON.parse(body))).toEqual([
      { sluice: 'curate', asked: 'run', kinds: ['exposures'], days: [DAY] },
    ]);
    curations.clock.advance(MINUTE_MS);
    await curations.plan(...sent);
    await curations.work();
    expect((await curations.read()).length).toBe(5);
    expect((await curations.entry())?.curated?.kept).toBeUndefined();
  });

  it('lets rows go whose raw files and version were deleted at once, and only with that word', async () => {
    const asked = { kinds: ['exposures'] as const, dryRun: false, day: DAY };
    const isRefused = (drop: boolean) =>
      expect(acceptLost(deployed(), { ...asked, drop })).rejects.toMatchObject({
        code: 'SLUICE_CURATE_NOTHING_KEPT',
      });
    await isRefused(true);
    const [file = ''] = await curations.keys((await curations.curatedLocation()) ?? '');
    await curations.remove(file);
    await curations.removeRaw('a');
    await curations.plan({ sluice: 'curate-check' });
    expect(await nextNight()).toMatchObject([{ outcome: 'failed' }]);
    await isRefused(false);
    const { sent, sqs } = sentRequests();
    const deployment = deployed(sqs);
    const before = await curations.entry();
    const dry = { ...asked, drop: true, dryRun: true };
    expect(await acceptLost(deployment, dry)).toMatchObject({ tables: [{ rows: 5 }] });
    expect(await curations.entry()).toEqual(before);
    expect(await acceptLost(deployment, { ...asked, drop: true })).toMatchObject({ tables: [{ rows: 5 }] });
    curations.clock.advance(MINUTE_MS);
    await curations.plan(...sent);
    await curations.work();
    await curations.plan({ sluice: 'curate-check' });
    expect((await curations.entry())?.state).toBe('succeeded_no_data');
    expect((await readCurationState(place()))[0]).toMatchObject({ lacking: [], failed: [], kept: [] });
  });

  describe('of raw days that have lost files', () => {
    const GONE = '2026-11-10';
    const OTHER = '2026-11-11';
    const store = () => s3ObjectStore(curations.s3, curations.config.bucket);
    const fileOf = (day: string) =>
      `${dayFolder(curations.config, 'exposures', day)}${landedFileName(0, '0'.repeat(32))}`;
    /** What the hourly look notes of days of which it has new messages. */
    const look = async (...days: readonly string[]) => {
      const { clock, config } = curations;
      clock.advance(HOUR_MS);
      await noteRawDays(store(), 'exposures', days, config, clock.now(), () => undefined);
    };
    const lost = async () => (await readLostDays(place())).map(({ table, day }) => `${table} ${day}`);
    const accept = (dryRun = false, drop = false, sqs?: SQSClient) => {
      const config = { ...curations.config, curate: false };
      const asked = { kinds: ['exposures', 'events'] as const, drop, day: GONE, dryRun };
      return acceptLost({ ...deployed(sqs), config }, asked);
    };
    beforeEach(async () => {
      for (const day of [GONE, OTHER]) await store().write(fileOf(day), 'x');
      await look(GONE, OTHER);
      for (const day of [GONE, OTHER]) await store().remove(fileOf(day), '*');
      await look(DAY);
    });

    it('asks for no curation if none of their rows is kept', async () => {
      const { sent, sqs } = sentRequests();
      const { tables, rawTables } = await accept(false, true, sqs);
      expect({ tables, rawTables, sent }).toEqual({
        tables: [],
        rawTables: ['statsig_forwarded_exposures'],
        sent: [],
      });
    });

    it('finds each, until its files are back, also before the hourly look has seen them', async () => {
      expect(await lost()).toEqual([`exposures ${GONE}`, `exposures ${OTHER}`]);
      await store().write(fileOf(GONE), 'x');
      expect(await lost()).toEqual([`exposures ${OTHER}`]);
    });

    it('finds each in a dry run of its acceptance', async () => {
      const answer = { tables: [], rawTables: [curations.config.tables.exposures] };
      expect(await accept(true)).toMatchObject(answer);
      expect(await lost()).toHaveLength(2);
    });

    it('finds no day that somebody has accepted, and the others, though nothing is curated', async () => {
      expect(await accept()).toMatchObject({ rawTables: [curations.config.tables.exposures] });
      expect(await lost()).toEqual([`exposures ${OTHER}`]);
      await look(DAY);
      expect(await lost()).toEqual([`exposures ${OTHER}`]);
      await expect(accept()).rejects.toMatchObject({ code: 'SLUICE_CURATE_NOTHING_KEPT' });
    });

    it('loses no acceptance to a look that writes its note between the read and the write of the command', async () => {
      let puts = 0;
      curations.s3.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            if (commandName === 'PutObjectCommand') puts += 1;
            if (commandName === 'PutObjectCommand' && puts === 1) await look(DAY);
            return next(args);
          },
        { step: 'initialize' },
      );
      await accept();
      // The command's first write, which fails, the look's own, and the command's second.
      expect(puts).toBe(3);
      expect(await lost()).toEqual([`exposures ${OTHER}`]);
    });
  });
});
