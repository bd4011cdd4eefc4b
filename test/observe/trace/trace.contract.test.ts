import { createServer } from 'node:http';
import { CloudWatchLogsClient, type FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { GlueClient } from '@aws-sdk/client-glue';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { rowPath } from '../../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { type Deployment, openDeployment } from '../../../observe/deployment.ts';
import { type TraceOptions, trace } from '../../../observe/trace/trace.ts';
import { type AskedCall, answeredBy } from '../../harness/answering.ts';
import { listen } from '../../harness/listen.ts';
import { type TableRow, tableAthena } from '../../harness/tableAthena.ts';
import { recordOf, rowOf, startLanding } from '../startLanding.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const SINCE = Date.UTC(2026, 10, 23);
const EVENTS = 'statsig_forwarded_events';
const EXPOSURES = 'statsig_forwarded_exposures';
/** When what waits was received, and its object. */
const NINE = '2026-11-23T09:00:00.000Z';
const WAITING = 'landing/2026/11/23/10/b.ndjson.gz';
/** The ID of an event. */
const ID = 'ab'.repeat(16);

const landing = await startLanding();
const { config } = landing;
/** Lines of the collector's log, oldest first. */
let lines: { readonly at: number; readonly message: object }[] = [];
/** Whether the log has ever more pages. */
let isEndless = false;
/** What was asked of the log. */
let questions: FilterLogEventsCommandInput[] = [];
const logs = answeredBy(CloudWatchLogsClient, ({ input }: AskedCall<FilterLogEventsCommandInput>) => {
  questions.push(input);
  const { startTime = 0, endTime = Number.POSITIVE_INFINITY, filterPattern } = input;
  const term: string = JSON.parse(filterPattern ?? '""');
  const events = lines
    .map(({ at, message }) => ({ timestamp: at, message: JSON.stringify(message) }))
    .filter(
      ({ timestamp, message }) => timestamp >= startTime && timestamp <= endTime && message.includes(term),
    );
  return { events, nextToken: isEndless ? 'more' : undefined };
});
/** A catalog with one partition, of a day that has no file. */
const glue = answeredBy(GlueClient, ({ input }) => {
  const partition = { Values: ['2026-11-20'], StorageDescriptor: { Location: 's3://elsewhere/' } };
  return { Partitions: input['TableName'] === EVENTS ? [partition] : [] };
});
const athena = await tableAthena(config);
const about = { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now: NOW };
const opened = openDeployment(about, { region: 'us-east-1' });
const clients = { s3: landing.s3, athena: athena.athena, glue, logs };
const deployment: Deployment = { ...opened, ...clients, wait: async () => undefined };

afterEach(async () => {
  lines = [];
  isEndless = false;
  questions = [];
  await athena.empty();
  await landing.empty();
});
afterAll(async () => {
  opened.close();
  athena.close();
  await landing.close();
});

/** A row of a forwarded table that was received at 123 ms after an hour of the day. @param more How it differs from a usual one. */
const storedRow = (hour: number, more: TableRow = {}): TableRow => ({
  event_id: ID,
  user_id: 'ada',
  environment: 'production',
  sdk_type: 'js-client',
  sdk_version: '3.1.0',
  received_at: `2026-11-23 ${String(hour).padStart(2, '0')}:00:00.123`,
  timestamp: '2026-11-23 07:59:59.000',
  ds: '2026-11-23',
  $path: `s3://${config.bucket}/${hour}.parquet`,
  ...more,
});
const event = (hour: number, more: TableRow = {}) => storedRow(hour, { event_name: 'buy', ...more });
const exposure = (hour: number, more: TableRow = {}) =>
  storedRow(hour, {
    experiment_id: 'checkout',
    exposure_type: 'config',
    rule_id: 'r1',
    reason: 'Network',
    is_assignment: 'true',
    ...more,
  });
const timeAt = (hour: number) => Date.UTC(2026, 10, 23, hour, 0, 0, 123);
const ask = (options: Partial<TraceOptions> = {}) => trace(deployment, { id: ID, since: SINCE, ...options });
/** The steps of a list, each by the hour of its row and by what it says. */
const listed = async (options: Partial<TraceOptions> = {}) =>
  (await ask({ id: 'ada', ...options })).steps.map(({ at, what }) => [
    at === null ? null : (at - 123 - SINCE) / HOUR_MS,
    what,
  ]);

describe('rows of tables', () => {
  it('are resends of the first of their table, name, ID and day, and of no other', async () => {
    await athena.insert(EXPOSURES, exposure(1, { experiment_id: 'buy' }));
    await athena.insert(
      EVENTS,
      event(9),
      event(8),
      event(6, { event_name: 'view' }),
      event(7, { event_id: 'c'.repeat(32) }),
      event(5, { ds: '2026-11-22' }),
    );
    const resends = (await listed()).map(([hour, what]) => [
      hour,
      /resend of .* (\S+)$/.exec(String(what))?.[1],
    ]);
    expect(resends).toEqual([
      [9, '2026-11-23T08:00:00.123Z'],
      [8, undefined],
      [7, undefined],
      [6, undefined],
      [5, undefined],
      [1, undefined],
    ]);
  });

  it('of an event are those that were received since, also where the first copy was received before', async () => {
    await athena.insert(EVENTS, event(8), event(10));
    const since = timeAt(9);
    expect(await ask({ since })).toMatchObject({ subject: 'event', state: 'queryable', found: 1 });
    expect(await listed({ since })).toEqual([[10, expect.stringContaining('2026-11-23T08:00:00.123Z')]]);
  });

  it('have their request, their file with its time, and the views that show them', async () => {
    await landing.put('8.parquet', Buffer.of(1));
    await athena.insert(EVENTS, event(8));
    lines = [
      {
        at: timeAt(8),
        message: {
          _aws: { Timestamp: timeAt(8) },
          request_id: 'req-1',
          received: 5,
          exposures_landed: 1,
          events_landed: 2,
          overflowed: 3,
          quarantined: 4,
          ignored: 6,
          latency_ms: 70,
        },
      },
      // A line of the same request by the code of its refusal, which counts no events.
      { at: timeAt(8), message: { _aws: { Timestamp: timeAt(8) }, refused_requests: 1 } },
    ];
    const found = await ask();
    expect(found).toMatchObject({ found: 1, hasMore: false, row: null, notes: [], scannedBytes: 27 });
    expect(found.steps).toEqual([
      { at: timeAt(8), what: 'received from js-client 3.1.0: buy (events), of 2026-11-23T07:59:59.000Z' },
      {
        at: timeAt(8) + 70,
        what: 'answered 202 (request req-1): 5 received, 3 accepted, 3 overflowed, 4 quarantined, 6 ignored',
      },
      {
        at: landing.clock.now(),
        what: `delivered to s3://${config.bucket}/8.parquet (partition 2026-11-23)`,
      },
      { at: null, what: 'in the views product_events' },
    ]);
    // The clock of the log may be behind, and lines are written when the request ends.
    expect(questions).toMatchObject([{ startTime: timeAt(8) - 5_000, endTime: timeAt(8) + 120_000 }]);
  });

  it('are the oldest copy first, each with its answer, which is not told of two requests at once', async () => {
    await athena.insert(EVENTS, event(9), event(8));
    const answered = { _aws: { Timestamp: timeAt(9) }, received: 1, refused_requests: 1 };
    lines = [answered, { ...answered, _aws: { Timestamp: timeAt(8) } }, answered].map((message) => ({
      at: message._aws.Timestamp,
      message,
    }));
    const { steps } = await ask();
    expect(steps.map(({ at }) => at)).toEqual([
      timeAt(8),
      timeAt(8),
      null,
      null,
      timeAt(9),
      timeAt(9),
      null,
      null,
    ]);
    expect(steps.map(({ what }) => /answered \w+ an error|\d+ requests/.exec(what)?.[0])).toEqual([
      undefined,
      'answered with an error',
      undefined,
      undefined,
      undefined,
      '2 requests',
      undefined,
      undefined,
    ]);
  });

  it('that others wrote without our columns are listed, the oldest of all, and are no resends', async () => {
    const theirs = { user_id: 'ada', event_name: 'buy', ds: '2026-11-23' };
    await athena.insert(EVENTS, theirs, theirs, event(3));
    const { steps } = await ask({ id: 'ada' });
    const theirLine =
      'buy (events): queryable, partition 2026-11-23, not in the views: it has no environment, and views show production';
    expect(steps).toEqual([
      { at: timeAt(3), what: `buy (events, ${ID}): queryable, partition 2026-11-23`, eventId: ID },
      { at: null, what: theirLine },
      { at: null, what: theirLine },
    ]);
  });

  it('without a time are listed behind all that have one, of both tables', async () => {
    const theirs = { user_id: 'ada', experiment_id: 'checkout', ds: '2026-11-23' };
    await athena.insert(EXPOSURES, ...Array.from({ length: 51 }, () => theirs));
    await athena.insert(EVENTS, event(3), event(4));
    const { steps, hasMore } = await ask({ id: 'ada' });
    expect(steps.slice(0, 3).map(({ at }) => at)).toEqual([timeAt(4), timeAt(3), null]);
    expect([steps.length, hasMore]).toEqual([50, true]);
  });

  it('whose times are not known have their steps all the same', async () => {
    const { received_at: _, timestamp: __, ...timeless } = event(8);
    await athena.insert(EVENTS, timeless);
    const { steps } = await ask();
    expect(steps).toEqual([
      { at: null, what: 'received from js-client 3.1.0: buy (events)' },
      { at: null, what: `delivered to s3://${config.bucket}/8.parquet (partition 2026-11-23)` },
      { at: null, what: 'in the views product_events' },
    ]);
  });

  it('without a time are resends of a row that has one, or of another, as views sort them', async () => {
    const { received_at: _, ...timeless } = event(8);
    const view = { ...timeless, event_name: 'view' };
    await athena.insert(EVENTS, timeless, event(9), view, view);
    const resends = (await listed()).map(([hour, what]) => [hour, /resend of .*/.exec(String(what))?.[0]]);
    expect(resends).toEqual([
      [9, undefined],
      [null, 'resend of the row received at 2026-11-23T09:00:00.123Z'],
      [null, undefined],
      [null, 'resend of another row'],
    ]);
  });

  it('say why views leave them out', async () => {
    const unassigned = { is_assignment: 'false', environment: 'staging' };
    await athena.insert(
      EVENTS,
      event(1),
      event(2, { environment: 'staging' }),
      event(3, { event_name: 'statsig::x' }),
    );
    await athena.insert(EXPOSURES, exposure(4), exposure(5, { ...unassigned, experiment_id: 'hero' }));
    await athena.insert(EXPOSURES, exposure(6, { rule_id: 'launchedGroup', experiment_id: 'search' }));
    const hidden = (await listed()).map(([hour, what]) => [
      hour,
      /not in the views: (.*)$/.exec(String(what))?.[1]?.split('; '),
    ]);
    expect(hidden).toEqual([
      [6, [expect.stringContaining('launchedGroup')]],
      [5, [expect.stringContaining('staging'), expect.stringContaining('rule "r1", reason "Network"')]],
      [4, undefined],
      [3, [expect.stringContaining('telemetry')]],
      [2, [expect.stringContaining('staging'), expect.stringContaining('resend')]],
      [1, undefined],
    ]);
  });

  it('whose evaluations a view shows, though the others leave them out, but for a resend', async () => {
    const evaluations = { is_assignment: 'false', secondary_exposures: '[{}]' };
    await athena.insert(EXPOSURES, exposure(8, evaluations), exposure(9, evaluations));
    const { steps } = await ask();
    expect(steps.flatMap(({ what }) => /^in the views (.*)$/.exec(what)?.[1] ?? [])).toEqual([
      'secondary_exposures',
    ]);
  });

  it('lie under the day of their receipt where their time is outside of the window', async () => {
    await athena.insert(EVENTS, event(8, { timestamp: '2026-01-01 07:00:00' }));
    expect((await ask()).steps.at(-1)?.what).toContain('(7 days back, 1 ahead)');
  });

  it('are found by the ID of a user, a device or a configured unit, in days from the time window before', async () => {
    const day = { ds: '2026-11-16' };
    const none = { user_id: 'none' };
    await athena.insert(
      EVENTS,
      event(1, { ...day, ...none, user_id: 'a' }),
      event(2, { ...day, ...none, stable_id: 'a' }),
      event(3, { ...day, ...none, company_id: 'a' }),
      event(4, { ...none, user_id: 'a', ds: '2026-11-15' }),
      event(5, { ...none, custom_ids: 'a' }),
    );
    expect((await listed({ id: 'a' })).map(([hour]) => hour)).toEqual([3, 2, 1]);
  });

  it('are the 50 newest of both tables of a user, and 20 copies of an event, and there are more', async () => {
    const events = Array.from({ length: 26 }, (_, i) =>
      event(0, { received_at: `2026-11-23 01:${10 + i}:00` }),
    );
    const exposures = events.map((_, i) => exposure(0, { received_at: `2026-11-23 02:${10 + i}:00` }));
    await athena.insert(EVENTS, ...events);
    await athena.insert(EXPOSURES, ...exposures.slice(1));
    const found = await ask({ id: 'ada' });
    expect(found).toMatchObject({ found: 50, hasMore: true });
    expect([found.steps[0]?.at, found.steps.at(-1)?.at]).toEqual([
      Date.UTC(2026, 10, 23, 2, 35),
      Date.UTC(2026, 10, 23, 1, 11),
    ]);
    expect(await ask()).toMatchObject({ found: 20, hasMore: true });
  });
});

describe('rows of quarantine', () => {
  const refused = (more: TableRow): TableRow => ({
    quarantine_id: 'q',
    received_at: '2026-11-23 08:00:00.123',
    reason: 'SLUICE_EVENT_NO_NAME',
    path: '/v1/rgstr',
    ds: '2026-11-23',
    $path: 's3://own/q.parquet',
    raw: '{}',
    ...more,
  });

  it.each([
    {
      what: 'its own ID, or that of its event',
      id: ID,
      rows: [{ quarantine_id: ID }, { raw: `{"event_id":"${ID}"}` }],
    },
    {
      what: 'the user or device of what was sent, or of a row',
      id: 'a"b',
      rows: ['userID', 'stableID', 'user_id', 'stable_id'].map((name) => ({
        raw: JSON.stringify({ [name]: 'a"b' }),
      })),
    },
  ])('are found by $what', async ({ id, rows }) => {
    await athena.insert(
      'quarantine',
      refused({ raw: '{"userID":"a\\"bc","event_id":"x"}' }),
      ...rows.map(refused),
    );
    expect(await ask({ id })).toMatchObject({ state: 'quarantined', found: rows.length });
  });

  it('have the reason, the file, and the path of a row that its table did not take', async () => {
    const path = rowPath('landing/2026/11/23/08/x', 'events', '2026-11-23');
    await athena.insert(
      'quarantine',
      refused({ quarantine_id: ID, detail: 'No.' }),
      refused({ quarantine_id: ID, received_at: '2026-11-23 09:00:00', reason: 'SLUICE_ROW_UNFIT', path }),
    );
    const { steps } = await ask();
    expect(steps.map(({ what }) => what)).toEqual([
      'in quarantine: SLUICE_EVENT_NO_NAME. No. (partition 2026-11-23, s3://own/q.parquet)',
      `in quarantine: SLUICE_ROW_UNFIT. (partition 2026-11-23, s3://own/q.parquet, from ${path})`,
    ]);
  });
});

describe('the state of an event', () => {
  it('is that of its furthest copy', async () => {
    const record = recordOf({
      events: [rowOf('events', ID, '2026-11-23', { received_at: NINE })],
    });
    const states: string[] = [];
    const see = async () => void states.push((await ask()).state);
    await see();
    await athena.insert('quarantine', {
      quarantine_id: ID,
      received_at: '2026-11-23 08:00:00',
      reason: 'SLUICE_EVENT_NO_NAME',
      ds: '2026-11-23',
    });
    await see();
    await landing.put('damaged/2026/11/23/10/a.ndjson.gz', record);
    await see();
    await landing.put(WAITING, record);
    await see();
    await athena.insert(EVENTS, event(8));
    await see();
    expect(states).toEqual(['nowhere', 'quarantined', 'damaged', 'landing', 'queryable']);
  });

  it('that the writer could not read has the command that makes it try again', async () => {
    await landing.put(
      'damaged/2026/11/23/10/a.ndjson.gz',
      recordOf({ events: [rowOf('events', ID, '2026-11-23', { received_at: NINE })] }),
    );
    const { steps } = await ask();
    expect(steps.at(-1)?.what).toContain('npx sluice redrive --damaged --stage prod --region us-east-1');
  });

  it('is not known of what streams buffer, which is said where nothing is found', async () => {
    expect((await ask()).notes).toEqual([expect.stringContaining('2026-11-23T11:5')]);
    await athena.insert(EVENTS, event(8));
    expect((await ask()).notes).toEqual([]);
  });
});

it.each([
  { table: 'events', state: 'buffered' },
  { table: 'quarantine', state: 'quarantined' },
])('of the local cloud a row of $table that its stream buffers is $state', async ({ table, state }) => {
  const row = { event_id: ID, quarantine_id: ID, received_at: NINE };
  const documents = [{ arrivedAt: '2026-11-23T09:00:01.000Z', document: JSON.stringify({ table, row }) }];
  const server = createServer((_, response) => void response.end(JSON.stringify({ documents, more: false })));
  const localControl = await listen(server);
  try {
    const found = await trace({ ...deployment, localControl }, { id: ID });
    expect(found).toMatchObject({ state, found: 1, notes: [] });
    expect(found.steps.map(({ at }) => at)).toEqual([
      Date.parse(NINE),
      Date.parse('2026-11-23T09:00:01.000Z'),
    ]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

it('days whose files no query reads are named, of those in which the rows can be', async () => {
  for (const day of ['2026-11-15', '2026-11-16', '2026-11-24'])
    await landing.put(`${dayFolder(config, 'events', day)}a.parquet`, Buffer.of(1));
  await athena.insert(EVENTS, event(8));
  expect((await ask()).notes).toEqual([
    `No query reads the files of ${EVENTS} 2026-11-16, ${EVENTS} 2026-11-24, which lack a partition.`,
  ]);
});

describe('the row of an event', () => {
  it('is that of the furthest copy, from its table or from where it waits', async () => {
    const more = { received_at: NINE, user_id: 'ada' };
    await landing.put(WAITING, recordOf({ exposures: [rowOf('exposures', ID, '2026-11-23', more)] }));
    expect((await ask({ withRow: true })).row).toMatchObject({
      kind: 'exposures',
      columns: { user_id: 'ada' },
    });
    await athena.insert(EVENTS, event(8, { event_value: '7' }));
    const { row, scannedBytes } = await ask({ withRow: true });
    expect(row).toMatchObject({ kind: 'events', columns: { event_id: ID, event_value: '7' } });
    expect(scannedBytes).toBe(36);
    expect((await ask({ id: 'ada', withRow: true })).row).toBeNull();
  });

  it('that waits is listed between newer and older rows of tables', async () => {
    const more = { received_at: '2026-11-23T09:00:00.123Z', user_id: 'ada' };
    await landing.put(WAITING, recordOf({ events: [rowOf('events', 'e1', '2026-11-23', more)] }));
    await athena.insert(EVENTS, event(8), event(10));
    expect((await listed()).map(([hour]) => hour)).toEqual([10, 9, 8]);
  });

  it('that waits has its name, SDK and object', async () => {
    const received_at = NINE;
    const own = { received_at, sdk_type: 'js', sdk_version: '3', user_id: 'ada' };
    await landing.put(
      WAITING,
      recordOf({
        events: [rowOf('events', 'e1', '2026-11-23', own)],
        exposures: [rowOf('exposures', 'x1', '2026-11-23', { received_at, user_id: 'ada' })],
        quarantine: [rowOf('quarantine', 'q1', '2026-11-23', { received_at, raw: '{"userID":"ada"}' })],
      }),
    );
    const { steps } = await ask({ id: 'ada' });
    expect(steps.map(({ eventId, what }) => [eventId, what.split('; ')[0]]).sort()).toEqual([
      ['e1', 'received from js 3: page_view (events)'],
      ['q1', 'received: SLUICE_EVENT_NO_NAME (quarantine)'],
      ['x1', 'received: button (exposures)'],
    ]);
    expect(steps[0]?.what).toContain(WAITING);
  });
});

describe('a request', () => {
  const REQUEST = 'AbCdEfGhIjKl-_0=';
  /** Has the log tell of a request an hour ago. @param line What the collector's own line says; undefined without one. */
  const logged = (metrics: object, line?: object) => {
    const at = NOW - HOUR_MS;
    const own = { request_id: REQUEST };
    lines = [{ at, message: { _aws: { Timestamp: timeAt(8) }, ...own, ...metrics } }];
    if (line !== undefined) lines.push({ at, message: { ...own, event: 'collect', ...line } });
  };

  it.each([
    { what: 'was answered 503', state: 'failed', metrics: { events_landed: 1 }, line: { status: 503 } },
    {
      what: 'had events accepted, and others overflow,',
      state: 'accepted',
      metrics: { exposures_landed: 1, overflowed: 1 },
    },
    {
      what: 'had events overflow, and others refused,',
      state: 'landing',
      metrics: { overflowed: 1, quarantined: 1 },
    },
    {
      what: 'was refused and is in quarantine',
      state: 'quarantined',
      metrics: { quarantined: 1, refused_requests: 1 },
    },
    { what: 'was refused', state: 'refused', metrics: { refused_requests: 1 } },
    { what: 'had events ignored', state: 'ignored', metrics: { ignored: 1 } },
  ])('that $what is $state', async ({ state, metrics, line }) => {
    logged(metrics, line);
    const found = await trace(deployment, { id: REQUEST });
    expect(found).toMatchObject({
      subject: 'request',
      state,
      found: 0,
      notes: [expect.stringContaining('--since')],
    });
    expect(questions).toMatchObject([{ startTime: NOW - DAY_MS, endTime: undefined }]);
  });

  it('has its answer, and what was refused and ignored, by the line of the collector', async () => {
    logged({ received: 3, latency_ms: 40 }, { status: 400, code: 'X', refused: { A: 2 }, counted: { B: 1 } });
    expect((await trace(deployment, { id: REQUEST })).steps).toEqual([
      { at: timeAt(8), what: 'received' },
      { at: timeAt(8) + 40, what: `answered 400 X (request ${REQUEST}): 3 received` },
      { at: null, what: 'refused: A, 2' },
      { at: null, what: 'ignored: B, 1' },
    ]);
  });

  it('that nobody counted has the line of the collector alone, as refused', async () => {
    logged({});
    lines = [{ at: NOW, message: { request_id: REQUEST, event: 'collect', status: 401, ms: 5 } }];
    const found = await trace(deployment, { id: REQUEST, since: SINCE });
    expect(found).toMatchObject({ subject: 'request', state: 'refused', found: 0 });
    expect(found.steps).toMatchObject([{ at: null }, { at: null }]);
    expect(questions).toMatchObject([{ startTime: SINCE }]);
  });

  it('is followed to its rows, which were received in its millisecond, from a time on', async () => {
    await athena.insert(EVENTS, event(8), event(9));
    await athena.insert('quarantine', {
      quarantine_id: 'q',
      received_at: '2026-11-23 08:00:00.123',
      ds: '2026-11-23',
    });
    const received_at = '2026-11-23T08:00:00.123Z';
    const rows = ['w1', 'w2'].map((id, i) =>
      rowOf('events', id, '2026-11-23', { received_at: i === 0 ? received_at : NINE }),
    );
    await landing.put(WAITING, recordOf({ events: rows }));
    logged({ events_landed: 2 });
    const found = await trace(deployment, { id: REQUEST, since: SINCE });
    expect(found).toMatchObject({ state: 'queryable', found: 3, notes: [] });
  });

  it('that the log does not have is nowhere, or a user if nobody says that it is a request', async () => {
    await athena.insert(EVENTS, event(8, { user_id: REQUEST }));
    expect(await ask({ id: REQUEST, subject: 'request' })).toMatchObject({ state: 'nowhere', found: 0 });
    expect(await ask({ id: REQUEST })).toMatchObject({ subject: 'user', found: 1 });
    lines = [{ at: NOW, message: { event: 'collect', note: REQUEST } }];
    expect(await ask({ id: REQUEST })).toMatchObject({ subject: 'user' });
  });

  it('that is not in the part of the log that was read may be in the rest, which is said', async () => {
    isEndless = true;
    const found = await ask({ id: REQUEST, subject: 'request' });
    expect(found).toMatchObject({ state: 'nowhere', notes: [expect.stringContaining('--since')] });
    expect(questions).toHaveLength(500);
    expect((await ask({ id: REQUEST })).notes[0]).toContain('--since');
  });

  it('is not missed in the rest of the log where its ID is that of a user who was found', async () => {
    isEndless = true;
    await athena.insert(EVENTS, event(8, { user_id: REQUEST }));
    expect(await ask({ id: REQUEST })).toMatchObject({ subject: 'user', found: 1, notes: [] });
  });

  it.each([
    { id: ID, subject: 'user' as const },
    { id: 'ada', subject: 'event' as const },
  ])('is not asked of $id as $subject', async ({ id, subject }) => {
    expect(await ask({ id, subject })).toMatchObject({ subject, state: 'nowhere' });
    expect(questions).toEqual([]);
  });
});

it('a search in a deployment asks for a time to begin with', async () => {
  await expect(trace(deployment, { id: 'ada' })).rejects.toMatchObject({ code: 'SLUICE_TRACE_SINCE_NEEDED' });
});
