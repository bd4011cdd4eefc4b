import { beforeEach, describe, expect, it } from '@jest/globals';
import { CatalogCallError } from '../../../../lib/landing/catalog/catalogCalls.ts';
import { registerMessages } from '../../../../lib/landing/catalog/registerMessages.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';
import { rawDaysKey } from '../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { BUCKET, config, dayOf, memoryRegistrar, STORAGE } from './memoryRegistrar.ts';

const TODAY = '2026-11-20';
const TOMORROW = '2026-11-21';
const { exposures, events, quarantine } = config.tables;
const OLD = { ...STORAGE, Columns: [{ Name: 'event_id', Type: 'string' }] };
const denied = new CatalogCallError({
  code: 'AccessDeniedException',
  message: 'not authorized',
  isTransient: false,
});

let registrar: ReturnType<typeof memoryRegistrar>;
beforeEach(() => {
  registrar = memoryRegistrar(Date.parse(TODAY));
});

const message = (messageId: string, body: string) => ({ messageId, body, receives: 1 });
const object = (messageId: string, key: string, bucket = BUCKET) =>
  message(
    messageId,
    JSON.stringify({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: bucket }, object: { key } },
    }),
  );
const file = (messageId: string, kind: TableKind, day: string, bucket = BUCKET) =>
  object(messageId, `${dayFolder(config, kind, day)}${messageId}.parquet`, bucket);
/** Asks for the hourly run, which the message and the log call daily. */
const daily = (messageId: string) => message(messageId, '{"sluice":"daily"}');
const returned = (...messageIds: string[]) => ({
  batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })),
});
/** The log line of a batch in which nothing is remarkable but what is given. */
const batchLine = (fields: Record<string, unknown>) => ({
  level: 'info',
  event: 'register',
  messages: 1,
  created: 0,
  existed: 0,
  updated: 0,
  known: 0,
  ignored: {},
  ...fields,
});
/** A partition that failed, as a log line has it. */
const failedPartition = (day: string, code: string) => ({
  day,
  code,
  message: expect.stringContaining(code),
});
/** What the log line of the hourly run has of a table in which nothing happened, without `created`. */
const quiet = (table: string) => ({ table, existed: 0, updated: 0, misplaced: [], failed: [] });

const register = (messages: Parameters<typeof registerMessages>[1]) => registerMessages(registrar, messages);

describe('registerMessages', () => {
  it('registers the days of a batch, table after table, ignores other objects, and logs one line', async () => {
    const response = await register([
      file('a', 'events', TODAY),
      file('b', 'exposures', TODAY),
      file('c', 'events', '2026-11-19'),
      file('d', 'events', TODAY),
      file('e', 'events', TODAY, 'another-bucket'),
      object('f', 'elsewhere/g.parquet'),
    ]);
    expect(response).toEqual(returned());
    expect(registrar.days('exposures')).toEqual([TODAY]);
    expect(registrar.days('events')).toEqual([TODAY, '2026-11-19']);
    expect(registrar.days('quarantine')).toEqual([]);
    expect(registrar.calls).toEqual([
      `getTable ${exposures}`,
      `create ${exposures} 1`,
      `getTable ${events}`,
      `create ${events} 2`,
    ]);
    expect(registrar.lines).toStrictEqual([
      batchLine({ messages: 6, created: 3, ignored: { outside_tables: 1, other_bucket: 1 } }),
    ]);
  });

  it('makes no call for a day that it knows, whether it created the partition or found it', async () => {
    registrar.partitions.set(events, [dayOf('events', TODAY)]);
    const batch = [file('a', 'events', TODAY), file('b', 'exposures', TODAY)];
    await register(batch);
    registrar.calls.length = 0;
    expect(await register(batch)).toEqual(returned());
    expect(registrar.calls).toEqual([]);
    expect(registrar.lines).toStrictEqual([
      batchLine({ messages: 2, created: 1, existed: 1 }),
      batchLine({ messages: 2, known: 2 }),
    ]);
  });

  it('returns the messages of a day that fails, all of them and no others, and tries the day again', async () => {
    registrar.failures.set('create 2026-11-19', 'InvalidInputException');
    const batch = [
      file('z', 'events', TODAY, 'another-bucket'),
      file('a', 'events', TODAY),
      file('b', 'events', '2026-11-19'),
      file('c', 'exposures', TODAY),
      file('d', 'events', '2026-11-19'),
    ];
    const ignored = { other_bucket: 1 };
    expect(await register(batch)).toEqual(returned('b', 'd'));
    expect(registrar.lines).toStrictEqual([
      batchLine({
        level: 'error',
        messages: 5,
        created: 2,
        ignored,
        failed: [{ table: events, ...failedPartition('2026-11-19', 'InvalidInputException') }],
      }),
    ]);
    registrar.failures.clear();
    expect(await register(batch)).toEqual(returned());
    expect(registrar.lines.at(-1)).toStrictEqual(batchLine({ messages: 5, created: 1, known: 2, ignored }));
  });

  it('returns the message of a partition that it cannot update, and does not count it as existing', async () => {
    registrar.partitions.set(events, [dayOf('events', TODAY, OLD), dayOf('events', TOMORROW, OLD)]);
    registrar.failures.set(`update ${TODAY}`, 'InvalidInputException');
    const batch = [file('a', 'events', TODAY), file('b', 'events', TOMORROW)];
    expect(await register(batch)).toEqual(returned('a'));
    expect(registrar.lines).toStrictEqual([
      batchLine({
        level: 'error',
        messages: 2,
        existed: 1,
        updated: 1,
        failed: [{ table: events, ...failedPartition(TODAY, 'InvalidInputException') }],
      }),
    ]);
    expect(registrar.known.has('events', TODAY)).toBe(false);
    expect(registrar.known.has('events', TOMORROW)).toBe(true);
  });

  it('returns the messages of a table that it cannot read, and registers those of the others', async () => {
    registrar.errors.set(`getTable ${exposures}`, denied);
    const batch = [
      file('a', 'exposures', TODAY),
      file('b', 'events', TODAY),
      file('c', 'exposures', '2026-11-19'),
    ];
    expect(await register(batch)).toEqual(returned('a', 'c'));
    const denial = expect.stringContaining('AccessDeniedException: not authorized');
    expect(registrar.lines).toStrictEqual([
      batchLine({
        level: 'error',
        messages: 3,
        created: 1,
        failed: [
          { table: exposures, day: TODAY, code: 'SLUICE_CATALOG_UNAVAILABLE', message: denial },
          { table: exposures, day: '2026-11-19', code: 'SLUICE_CATALOG_UNAVAILABLE', message: denial },
        ],
      }),
    ]);
  });

  it('returns a message that it cannot read, with the reason in the log and without its content', async () => {
    const batch = [message('bad', 'secret'), file('good', 'events', TODAY)];
    expect(await register(batch)).toEqual(returned('bad'));
    expect(registrar.lines).toStrictEqual([
      batchLine({
        level: 'error',
        messages: 2,
        created: 1,
        invalid: [{ messageId: 'bad', code: 'SLUICE_CATALOG_MESSAGE_INVALID', detail: 'It is not JSON.' }],
      }),
    ]);
  });

  it('returns no message when it cannot update a partition that none of them is about', async () => {
    registrar.partitions.set(events, [dayOf('events', TODAY)]);
    const { catalog } = registrar;
    const stray = dayOf('events', '2026-01-01', OLD);
    const answersMore = {
      ...registrar,
      catalog: { ...catalog, listPage: async () => ({ items: [stray], next: undefined }) },
    };
    registrar.failures.set('update 2026-01-01', 'InvalidInputException');
    expect(await registerMessages(answersMore, [file('a', 'events', TODAY)])).toEqual(returned());
    expect(registrar.calls).toContain(`update ${events} 1`);
    expect(registrar.lines).toStrictEqual([batchLine({ existed: 1 })]);
  });

  it.each([
    { what: 'an object', asked: file('a', 'events', TODAY) },
    { what: 'the hourly run', asked: daily('run') },
  ])('rejects when its own code fails at $what, because the messages are not at fault', async ({ asked }) => {
    registrar.errors.set(`getTable ${events}`, new TypeError('defect'));
    await expect(register([asked])).rejects.toThrow('defect');
  });

  it('runs once for several messages that ask for the hourly run, after the objects of the batch', async () => {
    const batch = [daily('run-1'), file('a', 'events', TODAY), daily('run-2')];
    expect(await register(batch)).toEqual(returned());
    expect(registrar.lines).toMatchObject([
      batchLine({ created: 1 }),
      { event: 'register_hourly', tables: [{ created: 2 }, { created: 1, existed: 0 }, { created: 2 }] },
    ]);
  });

  it('returns every message of a run that fails beside the objects that fail', async () => {
    registrar.errors.set(`getTable ${events}`, denied);
    const batch = [
      daily('run-1'),
      file('a', 'events', TODAY),
      file('b', 'exposures', TODAY),
      daily('run-2'),
      message('c', '{"sluice":"weekly"}'),
    ];
    const { batchItemFailures } = await register(batch);
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual([
      'a',
      'c',
      'run-1',
      'run-2',
    ]);
  });
});

describe('the hourly run', () => {
  const run = () => register([daily('run')]);

  it('repairs every table, and remembers every day that has its partition', async () => {
    registrar.partitions.set(events, [dayOf('events', '2026-11-01'), dayOf('events', '2026-11-02', OLD)]);
    registrar.dayFolders.set(tableFolder(config, 'events'), ['2026-12-24', '2026-11-01', 'tmp']);
    expect(await run()).toEqual(returned());
    const tables = [
      { ...quiet(exposures), created: 2 },
      { ...quiet(events), created: 3, updated: 1 },
      { ...quiet(quarantine), created: 2 },
    ];
    expect(registrar.lines).toStrictEqual([{ level: 'info', event: 'register_hourly', tables, gaps: 0 }]);
    registrar.calls.length = 0;
    await registerMessages(
      registrar,
      [TODAY, TOMORROW, '2026-12-24', '2026-11-01', '2026-11-02'].map((day) => file(day, 'events', day)),
    );
    expect(registrar.calls).toEqual([]);
  });

  it('registers days of each folder that a table has had', async () => {
    const formerStatsigFolders = [{ folder: 'before', until: '2026-11-01' }];
    const moved = { ...registrar, config: { ...config, formerStatsigFolders } };
    registrar.dayFolders.set(tableFolder(config, 'events'), ['2026-11-02']);
    registrar.dayFolders.set(tableFolder({ ...config, statsigFolder: 'before' }, 'events'), ['2026-11-01']);
    expect(await registerMessages(moved, [daily('run')])).toEqual(returned());
    expect(registrar.days('events')).toEqual(['2026-11-01', '2026-11-02', TODAY, TOMORROW]);
    expect(registrar.partitions.get(events)?.[0]?.storage.Location).toBe(
      `s3://${BUCKET}/before/statsig_forwarded_events/${events}/2026-11-01/`,
    );
  });

  it('counts partitions that fail and partitions that point elsewhere as gaps, and fails for the former', async () => {
    registrar.partitions.set(events, [
      { values: ['2026-11-01'], storage: { ...STORAGE, Location: 's3://elsewhere/' } },
      dayOf('events', '2026-11-02', OLD),
    ]);
    registrar.failures.set(`create ${TODAY}`, 'InvalidInputException');
    registrar.failures.set('update 2026-11-02', 'GlueEncryptionException');
    expect(await run()).toEqual(returned('run'));
    const failed = [failedPartition(TODAY, 'InvalidInputException')];
    expect(registrar.lines).toStrictEqual([
      {
        level: 'error',
        event: 'register_hourly',
        tables: [
          { ...quiet(exposures), created: 1, failed },
          {
            ...quiet(events),
            created: 1,
            misplaced: ['2026-11-01'],
            failed: [...failed, failedPartition('2026-11-02', 'GlueEncryptionException')],
          },
          { ...quiet(quarantine), created: 1, failed },
        ],
        gaps: 5,
        problems: [
          `${exposures} ${TODAY}: InvalidInputException`,
          `${events} ${TODAY}: InvalidInputException`,
          `${events} 2026-11-02: GlueEncryptionException`,
          `${quarantine} ${TODAY}: InvalidInputException`,
        ],
      },
    ]);
    expect(registrar.known.has('events', TODAY)).toBe(false);
  });

  it('repeats a listing that is throttled until the deadline, without those before it, once all tables are repaired', async () => {
    const { attempts, dayFolders, objects, calls } = registrar;
    dayFolders.set(tableFolder(config, 'exposures'), [TODAY]);
    const { listPage } = objects;
    const folder = dayFolder(config, 'exposures', TODAY);
    registrar.errors.set(
      `listPage ${folder}`,
      new CatalogCallError({ code: 'SlowDown', message: 'throttled', isTransient: true }),
    );
    objects.listPage = (prefix) => {
      // The third call ends after the minute that the run has.
      if (prefix === folder) attempts.clock.advance(25_000);
      return listPage(prefix);
    };
    expect(await run()).toEqual(returned('run'));
    const listed = calls.slice(calls.lastIndexOf(`listPartitions ${quarantine}`) + 1);
    expect(listed.filter((call) => call.startsWith('listPage'))).toEqual([
      `listPage ${rawDaysKey('exposures')}`,
      `listPage ${folder}`,
      `listPage ${folder}`,
      `listPage ${folder}`,
    ]);
    const table = { created: 2 };
    const problems = [expect.stringContaining('SlowDown'), expect.stringContaining('OutOfTime')];
    expect(registrar.lines).toMatchObject([{ tables: [table, table, table], gaps: 0, problems }]);
  });

  it('says how long ago the last night was once every table is repaired, and counts files if it cannot', async () => {
    registrar.dayFolders.set(tableFolder(config, 'exposures'), [TODAY]);
    registrar.errors.set(
      'logNight received_hours',
      new CatalogCallError({ code: 'SlowDown', message: 'throttled', isTransient: true }),
    );
    expect(await run()).toEqual(returned('run'));
    const problems = ['SLUICE_CATALOG_UNAVAILABLE received_hours: SlowDown: throttled'];
    expect(registrar.lines).toMatchObject([{ gaps: 0, problems }]);
    const inOrder = [
      `listPartitions ${quarantine}`,
      'logNight received_hours',
      `listPage ${dayFolder(config, 'exposures', TODAY)}`,
    ];
    expect(registrar.calls.filter((call) => inOrder.includes(call))).toEqual(inOrder);
  });

  it('fails by name where the folders of a table have no end', async () => {
    const { objects } = registrar;
    let pages = 0;
    objects.listFolders = async (prefix) => {
      if (prefix !== tableFolder(config, 'events')) return { items: [], next: undefined };
      pages += 1;
      return { items: [], next: 'more' };
    };
    expect(await run()).toEqual(returned('run'));
    const place = `s3://${BUCKET}/${tableFolder(config, 'events')}`;
    const problems = [`SLUICE_CATALOG_LISTING_TOO_LONG ${place}: folders.`];
    expect(registrar.lines).toMatchObject([{ level: 'error', problems }]);
    expect(pages).toBe(100);
  });

  it('says nothing of gaps when it cannot read a table, and repairs the others', async () => {
    registrar.errors.set(`getTable ${exposures}`, denied);
    expect(await run()).toEqual(returned('run'));
    expect(registrar.lines).toStrictEqual([
      {
        level: 'error',
        event: 'register_hourly',
        tables: [
          { ...quiet(events), created: 2 },
          { ...quiet(quarantine), created: 2 },
        ],
        problems: [
          `SLUICE_CATALOG_UNAVAILABLE ${config.database}.${exposures}: AccessDeniedException: not authorized`,
        ],
      },
    ]);
  });
});
