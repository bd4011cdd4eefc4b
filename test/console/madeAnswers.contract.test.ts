import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DaysAnswer } from '../../console/api/days.ts';
import type { DeploymentAnswer } from '../../console/api/deployment.ts';
import type { RedriveAnswer } from '../../console/api/quarantine.ts';
import { bundlePage } from '../../console/server/bundlePage.ts';
import type { CuratedTableStatus } from '../../observe/facts/days/curatedCalendar.ts';
import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import { judge } from '../../observe/findings/judge/judge.ts';
import type { ExplainedDay } from '../../observe/ingest/explainDay.ts';
import type { SqlRun } from '../../observe/runSql.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { listen } from '../harness/listen.ts';
import { eventually } from '../harness/waiting.ts';
import {
  datasetFacts,
  failedDay,
  hoursAgo,
  judgedDeployment,
  loadedDay,
  namedExport,
  ringingAlarm,
  shortHour,
  waitingFacts,
  wellDay,
  wellFacts,
  wellStatus,
} from '../observe/statusFacts.ts';
import { type OpenPage, openPage } from './openPage.ts';

const DAY = '2026-11-19';
const REASON = 'SLUICE_EVENT_KIND_NOT_ALLOWED';

const deployment: DeploymentAnswer = {
  version: '1',
  stage: 'prod',
  region: 'us-east-1',
  isLocal: false,
  mayWrite: true,
  bucket: 'acme',
  database: 'sluice',
  workgroup: 'sluice',
  collector: null,
  now: '2026-11-20T12:00:00Z',
};
const times = { firstAt: '2026-11-19T07:00:00Z', lastAt: '2026-11-19T07:00:00Z' };
const countsOf = (from: string, rows: number): QuarantineCounts => ({
  from,
  to: '2026-11-20T12:00:00Z',
  rows,
  reasons: [
    { code: REASON, cause: 'c', cure: 'c', isRedrivable: true, rows, items: 5, senders: [], ...times },
  ],
  notes: [],
  scannedBytes: 0,
});
const redriven: RedriveAnswer = {
  dryRun: true,
  reason: REASON,
  from: DAY,
  to: DAY,
  found: 5,
  delivered: { exposures: 2, events: 3 },
  refused: {},
  ignored: 0,
  failed: {},
};
const curatedDay = { why: '', version: null, account: null, failure: null, isLate: false } as const;
const curated: CuratedTableStatus = {
  kind: 'exposures',
  table: 'curated_exposures',
  rawTable: 'statsig_forwarded_exposures',
  listed: 1,
  days: [
    { ...curatedDay, day: '2026-11-20', state: 'too_young' },
    { ...curatedDay, day: DAY, state: 'curated' },
  ],
};
const days: DaysAnswer = {
  total: 2,
  needing: 0,
  next: null,
  days: [DAY, '2026-11-20'],
  unknown: [],
  ...datasetFacts({ days: [loadedDay] }),
  exports: [{ ...namedExport, days: [loadedDay] }],
  curated: { isOn: true, curateAfter: 1, firstYoung: '2026-11-20', tables: [curated] },
  sources: ['acme'],
};
const explained: ExplainedDay = {
  ...ledgerEntry({ dataset: 'orders', version: 'v1' }),
  explanation: {
    isLacking: false,
    hasNewer: false,
    meaning: [],
    served: '',
    next: '',
    failure: null,
    refused: [],
    leftOut: {},
  },
};
const run: SqlRun = {
  id: 'q1',
  state: 'running',
  scannedBytes: 0,
  elapsedMs: 1,
  problem: null,
  location: null,
};
const columns = [{ name: 'n', type: 'bigint' }];

/** What the API answers to a path, of its query. */
type Answers = Readonly<Record<string, (query: URLSearchParams) => unknown>>;
const ANSWERS: Answers = {
  '/api/deployment': () => deployment,
  '/api/findings': () => wellStatus,
  '/api/over-time': () => [],
  '/api/quarantine': (query) =>
    query.get('hours') === '168'
      ? countsOf('2026-11-13T12:00:00Z', 5_822)
      : countsOf('2026-11-19T12:00:00Z', 4_711),
  '/api/quarantine/rows': () => ({ rows: [], hasMore: false, notes: [], scannedBytes: 0 }),
  '/api/quarantine/redrive': () => redriven,
  '/api/days': () => days,
  '/api/drops/day': () => explained,
  '/api/drops/backfill': () => ({}),
  '/api/exports/run': () => ({}),
  '/api/curate/rebuild': () => ({}),
  '/api/tables': () => ({ tables: [] }),
  '/api/sql/start': () => run,
  '/api/sql/run': () => ({ ...run, state: 'succeeded' }),
  '/api/sql/rows': (query) =>
    query.get('cursor') === null
      ? { columns, rows: [['11']], next: 'page 2' }
      : { columns, rows: [['22']], next: null },
  '/api/sql/cancel': () => ({ ...run, state: 'cancelled' }),
};
let answers: Answers;
let called: string[];
/** The paths with their queries. */
let queries: string[];
/** The bodies that were posted, by their paths. */
let posted: (readonly [path: string, body: unknown])[];
const assets = await bundlePage();
const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  const asset = assets.get(pathname === '/' ? 'index.html' : pathname.replace('/assets/', ''));
  if (asset !== undefined) {
    response.setHeader('content-type', asset.type).end(asset.contents);
    return;
  }
  called.push(pathname);
  queries.push(`${pathname}?${searchParams}`);
  if (request.method === 'POST') posted.push([pathname, await json(request)]);
  const answer = await answers[pathname]?.(searchParams);
  if (typeof answer === 'object' && answer !== null && 'error' in answer) response.statusCode = 400;
  response.end(JSON.stringify(answer));
});
const address = await listen(server);
let page: OpenPage;
beforeAll(async () => {
  answers = ANSWERS;
  called = [];
  queries = [];
  page = await openPage(address);
});
beforeEach(() => {
  answers = ANSWERS;
  called = [];
  queries = [];
  posted = [];
});
afterAll(async () => {
  await page.close();
  server.closeAllConnections();
  server.close();
});
/** Leaves the page, so that the next one is read anew. */
async function leave(): Promise<void> {
  page.go('/nowhere');
  await page.shows('Not found', 'h1');
}
/** Goes to a page anew, and resolves with the texts of elements once one of them has a text. */
async function textsOf(path: string, selector: string, text: string): Promise<readonly string[]> {
  await leave();
  page.go(path);
  await page.shows(text, selector);
  return page.texts(selector);
}
const timesOf = (path: string) => called.filter((calledPath) => calledPath === path).length;

/** Opens the reason of quarantine of a day, or of a week. */
async function openReason(hours: '24' | '168', on = page): Promise<void> {
  on.go(`/?reason=${REASON}&hours=${hours}`);
  await on.shows(hours === '168' ? '5,822' : '4,711', 'td');
}

describe('an action', () => {
  it.each([
    {
      place: `/?reason=${REASON}`,
      opener: 'Redrive this reason …',
      confirm: 'Deliver 5 rows',
      path: '/api/quarantine/redrive',
      body: { reason: REASON, from: '2026-11-19', to: '2026-11-20' },
      readsAgain: '/api/quarantine',
    },
    {
      place: `/days?line=drops%20of%20events%20acme%2Forders&day=${DAY}`,
      opener: 'Load this day again …',
      confirm: `Load ${DAY} again`,
      path: '/api/drops/backfill',
      body: { source: 'acme', dataset: 'orders', from: DAY },
      readsAgain: '/api/days',
    },
    {
      place: `/days?line=export%20of%20statsig_forwarded_events%20out&day=${DAY}`,
      opener: 'Export this day now …',
      confirm: `Export ${DAY}`,
      path: '/api/exports/run',
      body: { export: 'out', from: DAY },
      readsAgain: '/api/days',
    },
    {
      place: `/days?line=curated%20from%20statsig_forwarded_exposures%20curated_exposures&day=${DAY}`,
      opener: `Curate ${DAY} again …`,
      confirm: `Curate ${DAY}`,
      path: '/api/curate/rebuild',
      body: { kind: 'exposures', from: DAY },
      readsAgain: '/api/days',
    },
  ])('of $path is tried first, is done when somebody says so, and reads the page again', async (action) => {
    page.go(action.place);
    await page.click('button', action.opener);
    await page.shows(action.confirm, '.note button');
    expect(posted).toEqual([[action.path, { ...action.body, dryRun: true }]]);
    const before = timesOf(action.readsAgain);
    await page.click('.note button', action.confirm);
    await page.shows('Close', '.note button');
    expect(posted.slice(1)).toEqual([[action.path, { ...action.body, dryRun: false }]]);
    await eventually('another call', () => timesOf(action.readsAgain) > before);
    await page.holds(
      `![...document.querySelectorAll('.note button')].some((b) => b.textContent === '${action.confirm}')`,
    );
  });

  it('forgets what was tried for another subject', async () => {
    await openReason('24');
    await page.click('button', 'Redrive this reason …');
    await page.shows('Deliver 5 rows', '.note button');
    await openReason('168');
    await page.holds("!document.querySelector('main').textContent.includes('Deliver 5 rows')");
    await page.click('button', 'Redrive this reason …');
    await page.shows('Deliver 5 rows', '.note button');
    expect(posted.at(-1)).toEqual([
      '/api/quarantine/redrive',
      { reason: REASON, from: '2026-11-13', to: '2026-11-20', dryRun: true },
    ]);
  });

  it('is not tried for another subject before it is answered for the first', async () => {
    const held = Promise.withResolvers<void>();
    answers = { ...ANSWERS, '/api/quarantine/redrive': () => held.promise.then(() => redriven) };
    const isDisabled =
      "[...document.querySelectorAll('button')].find((b) => b.textContent.includes('Redrive this')).disabled";
    await openReason('24');
    await page.click('button', 'Redrive this reason …');
    await eventually('a call', () => posted.length === 1);
    await openReason('168');
    await page.holds("!document.querySelector('main').textContent.includes('Cancel')");
    await page.holds(isDisabled);
    held.resolve();
    await page.holds(`!(${isDisabled})`);
    await page.holds("!document.querySelector('main').textContent.includes('Deliver')");
  });

  it('is not offered by a console that may not write', async () => {
    answers = { ...ANSWERS, '/api/deployment': () => ({ ...deployment, mayWrite: false }) };
    const readOnly = await openPage(address);
    await openReason('24', readOnly);
    await readOnly.click('button', 'Redrive this reason …');
    await readOnly.shows('sluice console --write', '.note');
    await readOnly.holds("!document.querySelector('main').textContent.includes('Deliver')");
    await readOnly.close();
  });

  it('is not offered if it would do nothing', async () => {
    const delivered = { exposures: 0, events: 0 };
    answers = { ...ANSWERS, '/api/quarantine/redrive': () => ({ ...redriven, delivered }) };
    await openReason('24');
    await page.click('button', 'Redrive this reason …');
    await page.shows('rows found', '.note');
    await page.holds("!document.querySelector('main').textContent.includes('Deliver')");
  });

  it('is not offered for a curated day that is too young', async () => {
    page.go('/days?line=curated%20from%20statsig_forwarded_exposures%20curated_exposures&day=2026-11-20');
    await page.shows('too young');
    await page.holds("!document.querySelector('main').textContent.includes('again …')");
  });
});

describe('a page of the calendar', () => {
  it('is the first one once another last day is chosen', async () => {
    page.go('/days?days=28&after=x');
    await eventually('the later page', () => queries.includes('/api/days?days=28&after=x'));
    await page.type('input[type=date]', '2026-11-10');
    await eventually('the first page', () => queries.includes('/api/days?days=28&until=2026-11-10'));
  });
});

describe('the page Status', () => {
  const period = (at: string, n: number) => ({
    atSeconds: Date.parse(`2026-11-${at}:00Z`) / 1_000,
    accepted: n,
    refused: 10 * n,
    failed: 100 * n,
    unreached: n === 2 ? null : 1_000 * n,
    events: 7 * n,
    overflowed: 3 * n,
    messages: 50 - n,
    ageSeconds: 60 * n,
  });
  const usualHours = Array.from({ length: 24 }, (_, i) => ({ least: i, median: 10 * i, most: 100 * i }));
  const status = { ...wellStatus, lastRequestAt: hoursAgo(1), lastDay: { ...wellDay, usualHours } };
  const numbers = async (path: string, text: string) => {
    page.go(path);
    await page.click('summary', 'The same as a table');
    await page.shows(text, '.charts ~ details td');
    const cells = page.texts('.charts ~ details td');
    return Array.from({ length: cells.length / 10 }, (_, row) =>
      cells.slice(row * 10, row * 10 + 10).join(' '),
    );
  };

  it('sums a day in bars of a quarter of an hour, and its table by the hour', async () => {
    const periods = [
      ['20T10:50', 1],
      ['20T10:55', 2],
      ['20T11:00', 3],
      ['20T11:15', 4],
    ] as const;
    answers = {
      ...ANSWERS,
      '/api/findings': () => status,
      '/api/over-time': () => periods.map(([at, n]) => period(at, n)),
    };
    const keys = await textsOf('/?hours=24', '.charts figcaption li', '5xx without the collector 4,000');
    expect(keys.map((text) => text.trim())).toEqual([
      'usual at this hour: band of seven days, median 28',
      '202 4',
      'refused, 4xx 40',
      '503 400',
      '5xx without the collector 4,000',
      'received 28',
      'to landing/direct/ 12',
      'age 4',
    ]);
    expect(await numbers('/?hours=24', '2026-11-20 11:00')).toEqual([
      '2026-11-20 11:00 110 7 70 700 7,000 49 21 47 4',
      '2026-11-20 10:00 100 3 30 300 1,000 21 9 49 2',
    ]);
  });

  it('sums several days in bars of two hours, and its table by the day', async () => {
    const ofDay = Array.from({ length: 287 }, () => period('20T00:00', 1));
    answers = {
      ...ANSWERS,
      '/api/findings': () => status,
      '/api/over-time': (query) =>
        query.get('days') === '7'
          ? [...ofDay, period('21T04:00', 2), period('21T05:55', 3)]
          : [...ofDay, period('21T04:00', 2)],
    };
    const keys = await textsOf('/?days=7', '.charts figcaption li', '202 5');
    expect(keys[0]).toContain(' 90');
    expect(await numbers('/?days=7', '2026-11-21')).toEqual([
      '2026-11-21 2,760 5 50 500 3,000 35 15 48 3',
      '2026-11-20 2,760 287 2,870 28,700 287,000 2,009 861 49 1',
    ]);
    page.go('/?days=1');
    await page.shows('2026-11-21 04:00', '.charts ~ details td');
  });

  it('opens the first problem of three findings, and none of four', async () => {
    const failed = (name: string) => ({ ...namedExport, export: name, days: [failedDay] });
    const alarms = [{ ...ringingAlarm, state: 'OK', notifies: false } as const];
    const found = (...names: readonly string[]) =>
      judge({ ...wellFacts, exports: names.map(failed), alarms }, judgedDeployment, 'us-east-1');
    const opened = () =>
      page
        .texts('.findings .note > button[aria-expanded=true]')
        .map((text) => /of (\w+), s3/.exec(text)?.[1]);
    const shows = async (...names: readonly string[]) => {
      await leave();
      answers = { ...ANSWERS, '/api/findings': () => ({ ...status, problems: found(...names) }) };
      page.go('/');
      await page.shows('SLUICE_FINDING_NO_TOPIC');
    };
    await shows('one', 'two');
    expect(opened()).toEqual(['one']);
    await page.click('.findings .fold', 'of two, s3');
    await page.holds("document.querySelectorAll('.cure:not([hidden])').length === 1");
    expect(opened()).toEqual(['two']);
    await page.click('.findings .fold', 'of two, s3');
    await page.holds("document.querySelectorAll('.cure:not([hidden])').length === 0");
    await shows('one', 'two', 'three');
    expect(opened()).toEqual([]);
    await shows();
    expect(opened()).toEqual([]);
  });

  it('counts findings that are not listed, hours as they were judged, and alarms', async () => {
    const hour = (of: number, more: object = {}) => ({
      ...shortHour,
      hour: of,
      missing: 0,
      state: 'whole',
      ...more,
    });
    answers = {
      ...ANSWERS,
      '/api/over-time': () => [period('20T10:50', 1)],
      '/api/findings': () => ({
        ...status,
        found: { problem: 1, warning: 2, unchecked: 3 },
        more: { SLUICE_FINDING_INGEST_LATE: 4 },
        receivedHours: [
          hour(6),
          hour(7, { state: 'short', missing: 30 }),
          hour(8, { state: 'short', missing: 4 }),
        ],
        alarms: [
          { ...ringingAlarm, name: 'quiet', state: 'OK', notifies: true },
          { ...ringingAlarm, name: 'loud', state: 'ALARM', notifies: true },
        ],
      }),
    };
    const said = await textsOf('/', 'main', '1 problem2 warnings3 not checked');
    expect(said[0]).toContain('4 more SLUICE_FINDING_INGEST_LATE');
    expect(page.texts('.charts dl dd')).toEqual(['1', '21', '0', '2', '34']);
    await page.click('summary', 'Alarms that are on: 1 of 2');
    await page.shows('quiet', 'td');
    expect(page.texts('td[data-name=Alarm]')).toEqual(['loud', 'quiet']);
  });

  it('says how to send a first event if nothing ever came', async () => {
    answers = { ...ANSWERS, '/api/findings': () => wellStatus };
    const said = await textsOf('/', 'main', 'No event has come in yet.');
    expect(said[0]).toContain('no event yet');
    const buffered = { count: 1, oldest: null };
    for (const known of [
      waitingFacts({ buffered }),
      { lastEventAt: hoursAgo(9) },
      { lastRequestAt: hoursAgo(1) },
    ]) {
      answers = { ...ANSWERS, '/api/findings': () => ({ ...wellStatus, ...known }) };
      expect((await textsOf('/', 'main', 'All is well'))[0]).not.toContain('No event has come in yet.');
    }
  });
});

describe('the page Quarantine', () => {
  it('lists rows of the reason and the window that are shown, and what came of a redrive', async () => {
    const row = {
      quarantineId: 'q1',
      receivedAt: '2026-11-19T07:00:00Z',
      reason: REASON,
      detail: 'd',
      keyLabel: 'web',
      sdkType: 'js',
      sdkVersion: '3',
      path: '/p',
      raw: null,
      isCut: false,
      rawEncoding: 'text',
      rawLocation: 's3://acme/large',
    };
    answers = {
      ...ANSWERS,
      '/api/quarantine/rows': () => ({ rows: [row], hasMore: true, notes: [], scannedBytes: 0 }),
      '/api/quarantine/redrive': () => ({
        ...redriven,
        refused: { SLUICE_X: 6 },
        ignored: 4,
        failed: { SLUICE_Y: 9 },
      }),
    };
    await leave();
    await openReason('24');
    await page.shows('js 3', '.unfolded td');
    const window = 'from=2026-11-19T12%3A00%3A00Z&to=2026-11-20T12%3A00%3A00Z';
    expect(queries).toContain(`/api/quarantine/rows?reason=${REASON}&${window}&limit=50`);
    expect(page.texts('.unfolded td').slice(0, 6).join('|')).toContain('2026-11-19 07:00:00|d|web|js 3|/p');
    await page.shows('There are more: choose fewer hours');
    await page.click('.unfolded .fold', '2026-11-19');
    await page.shows('s3://acme/large', '.unfolded .unfolded p');
    await page.click('button', 'Redrive this reason …');
    await page.shows('Deliver 5 rows', '.note button');
    expect(page.texts('.note li').map((text) => text.split(' ')[0])).toEqual(['5', '2', '3', '6', '4', '9']);
    await page.click('.unfolded .unfolded ~ * .fold, .unfolded .fold', '2026-11-19');
    await page.holds("document.querySelector('.unfolded .unfolded') === null");
  });
});

describe('the page Days', () => {
  it('has a place for each day of each line, and the way to other pages', async () => {
    const of = (...names: readonly string[]) =>
      names.map((day) => ({ ...loadedDay, day, rows: { in: 9, out: 8, refused: 0 } }));
    answers = {
      ...ANSWERS,
      '/api/days': () => ({
        ...days,
        total: 7,
        needing: 3,
        next: 'cursor 2',
        days: ['2026-10-30', '2026-10-31', '2026-11-01', '2026-11-02'],
        ...datasetFacts({ days: of('2026-10-31', '2026-11-01', '2026-11-02') }),
        exports: [{ ...namedExport, days: of('2026-11-02') }],
        unknown: [{ part: 'the drops of x', why: 'Denied.' }],
        curated: { ...days.curated, tables: [{ ...curated, days: [] }] },
      }),
    };
    const said = await textsOf('/days?days=2', 'main', '7 datasets and exports, first the 3 that need');
    expect(said[0]).toContain('2 are on this page');
    expect(said[0]).toContain('Not known: the drops of x. Denied.');
    const placed = page.texts('ol.days').map((text) => text.match(/(?:Oct|Nov)? ?\d\d(?=✓)/g));
    expect(placed).toEqual([['Oct 31', 'Nov 01', ' 02'], ['Nov 02'], null]);
    expect(page.texts('ol.days button small').slice(-2)).toEqual(['Nov 01', ' 02']);
    await page.holds("document.querySelectorAll('ol.days')[1].children.length === 3");
    await page.click('button', 'Next page');
    await eventually('the next page', () => queries.includes('/api/days?days=2&after=cursor+2'));
    await page.click('button', 'First page');
    await page.holds("!location.hash.includes('after')");
  });

  it('says what happened to a day, and reads its refused rows', async () => {
    const file = { size: 1_500, eTag: 'e' };
    answers = {
      ...ANSWERS,
      '/api/drops/day': () => ({
        ...explained,
        rows: { in: 40, out: 30, refused: 10 },
        bytes: 2_000,
        attempts: 3,
        files: [
          { ...file, key: 'a', fate: 'loaded', rows: { in: 40, out: 30, refused: 10 } },
          { ...file, key: 'b', fate: 'left_out', reason: 'no_rows' },
          { ...file, key: 'c', fate: 'left_out', reason: 'no_rows', detail: 'own' },
        ],
        explanation: {
          ...explained.explanation,
          leftOut: { no_rows: 'meant' },
          refused: [{ code: 'SLUICE_R', rows: 10, cause: 'c', cure: 'd' }],
        },
      }),
      '/api/drops/refused': () => ({ rows: [], hasMore: false, notes: [], scannedBytes: 0 }),
    };
    const figures = await textsOf(
      `/days?line=drops%20of%20events%20acme%2Forders&day=${DAY}`,
      '.figures dd',
      '40',
    );
    expect(figures).toEqual(['40', '30', '10', '2 KB', '3']);
    await page.shows('no_rows: own', 'td');
    expect(page.texts('td').slice(0, 18).join('|')).toBe(
      'a|loaded|1.5 KB|40|10||b|left out|1.5 KB|–|–|no_rows: meant|c|left out|1.5 KB|–|–|no_rows: own',
    );
    await eventually('the rows', () =>
      queries.includes(`/api/drops/refused?source=acme&dataset=orders&day=${DAY}&limit=50`),
    );
    expect(queries).toContain(`/api/drops/day?source=acme&dataset=orders&day=${DAY}`);
    await page.holds(`document.querySelector('a[href="#/tables?table=acme_events&day=${DAY}"]') !== null`);
  });

  it('says of a day that the ledger does not have whether it is late', async () => {
    const late = [
      { day: '2026-11-17', due: Date.UTC(2026, 10, 18, 9) },
      { day: '2026-11-18', due: Date.UTC(2026, 10, 19, 9) },
    ];
    const shown = ['2026-11-18', '2026-11-19'].map((day) => ({ ...loadedDay, day, state: null }));
    const error = { code: 'SLUICE_INGEST_DAY_UNKNOWN', message: 'm', cause: 'c', cure: 'c' };
    answers = {
      ...ANSWERS,
      '/api/days': () => ({ ...days, ...datasetFacts({ late, days: shown }) }),
      '/api/drops/day': () => ({ error }),
    };
    const line = '/days?line=drops%20of%20events%20acme%2Forders';
    await textsOf(`${line}&day=2026-11-18`, 'p', 'expected by 2026-11-19 09:00:00 UTC');
    await textsOf(`${line}&day=2026-11-19`, 'p', 'No files of this day were seen. Files are looked for');
  });

  it('has the rows of a curated day', async () => {
    const account = { rawRows: 40, rows: 30, resends: 10 };
    const curatedDays = curated.days.map((day) => ({ ...day, account }));
    const tables = [{ ...curated, days: curatedDays }];
    answers = { ...ANSWERS, '/api/days': () => ({ ...days, curated: { ...days.curated, tables } }) };
    const line = 'line=curated%20from%20statsig_forwarded_exposures%20curated_exposures';
    expect(await textsOf(`/days?${line}&day=${DAY}`, '.figures dd', '40')).toEqual(['40', '30', '10']);
  });
});

describe('the page Live', () => {
  const request = (at: string, more: object) => ({
    type: 'request',
    at: `2026-11-20T10:00:${at}.000Z`,
    request_id: 'r',
    status: 202,
    ms: 1,
    sdk_type: 'js',
    sdk_version: '3',
    key_label: null,
    sent_key: null,
    endpoint: null,
    host: null,
    received: 1,
    exposures: 0,
    events: 1,
    quarantined: 0,
    overflowed: 0,
    code: null,
    refused: {},
    ignored_as: {},
    noted: {},
    clock_skew_ms: null,
    ahead_ms: 0,
    not_streamed: null,
    ...more,
  });
  const live = (next: string, ...entries: readonly object[]) => ({
    entries,
    next,
    dropped: 1,
    ended: false,
    notes: [],
  });

  it('asks with its filters, goes on at the cursor, and counts what comes while it is paused', async () => {
    const held = Promise.withResolvers<void>();
    answers = {
      ...ANSWERS,
      '/api/live': async (query) => {
        if (query.get('after') === null)
          return live(
            'a',
            request('01', {}),
            request('11', { status: 401 }),
            request('21', { refused: { SLUICE_X: 1 } }),
            request('31', { overflowed: 1 }),
          );
        if (query.get('after') === 'a') {
          await held.promise;
          return live('b', request('41', {}), request('42', {}));
        }
        return new Promise(() => undefined);
      },
    };
    await leave();
    page.go('/live?user=%20ada&errors=true&other=1');
    await page.shows('11-20 10:00:31', '.fold');
    const tones =
      "[...document.querySelectorAll('td .badge')].map((badge) => badge.className.replace('badge ', '')).join()";
    await page.holds(`${tones} === 'warning,warning,bad,good'`);
    await page.click('button', 'Pause');
    held.resolve();
    await page.shows('Resume: 2 new', 'button');
    await page.shows('2 went before they could be read');
    expect(page.texts('td .fold').length).toBe(4);
    await page.click('button', 'Resume');
    await page.shows('11-20 10:00:42', '.fold');
    const asked = () => queries.filter((query) => query.startsWith('/api/live?'));
    await eventually('the next call', () => asked().length === 3);
    expect(asked()).toEqual([
      '/api/live?errors=true&user=ada&last=200',
      '/api/live?errors=true&user=ada&after=a&waitMs=20000',
      '/api/live?errors=true&user=ada&after=b&waitMs=20000',
    ]);
  });

  it('asks where the first event stopped only without a filter', async () => {
    answers = {
      ...ANSWERS,
      '/api/live': (query) => (query.get('after') === null ? live('a') : new Promise(() => undefined)),
      '/api/live/gate': () => ({ gate: { gate: 'refused', code: 'SLUICE_X', text: 'It stopped there.' } }),
    };
    await leave();
    page.go('/live?user=eve');
    await page.shows('Nothing has come that fits the filters.');
    await eventually('the next call', () => queries.some((query) => /^\/api\/live\?.*after=a/.test(query)));
    expect(timesOf('/api/live/gate')).toBe(0);
    page.go('/live');
    await page.shows('It stopped there.');
  });
});

describe('the page Tables', () => {
  it('queries the newest day that has begun, and counts rows when somebody asks', async () => {
    const table = {
      name: 'events',
      kind: 'table',
      description: 'd',
      columns: [
        { name: 'n', type: 'bigint', comment: 'c', isKey: false },
        { name: 'ds', type: 'date', comment: 'k', isKey: true },
      ],
      location: null,
      hasDays: true,
      days: { count: 3, first: '2026-11-19', last: '2026-11-21' },
      dataset: { source: 'acme', name: 'orders' },
    };
    const day = {
      state: 'filled',
      rows: null,
      files: 2,
      bytes: 1_500,
      lastModified: null,
      location: 's3://x/',
    };
    answers = {
      ...ANSWERS,
      '/api/tables': () => ({ database: 'sluice', tables: [table, { ...table, name: 'other' }] }),
      '/api/tables/days': (query) => ({
        table: 'events',
        days: [
          { ...day, day: '2026-11-21', state: 'ahead' },
          { ...day, day: '2026-11-20', rows: query.get('noRows') === null ? 7 : null },
        ],
        first: '2026-11-19',
        last: '2026-11-21',
        hasMore: true,
        scannedBytes: 0,
      }),
    };
    const cells = await textsOf('/tables?table=events', '.unfolded td', 'registered ahead');
    expect(cells.filter((text) => text.length < 40).join('|')).toContain(
      '2026-11-21|–|2|1.5 KB|–|s3://x/|registered ahead|2026-11-20|–|2|1.5 KB|–|s3://x/|',
    );
    expect(queries).toContain('/api/tables/days?table=events&limit=60&noRows=true');
    const query = encodeURIComponent("WHERE ds = DATE '2026-11-20'")
      .replaceAll('%20', '+')
      .replaceAll("'", '%27');
    await page.holds(`document.querySelector('.unfolded a').href.includes("${query}")`);
    await page.click('button', 'Count the rows');
    await page.shows('7', '.unfolded td.number');
    expect(queries).toContain('/api/tables/days?table=events&limit=60');
    await page.click('.fold', 'other');
    await page.holds("location.hash === '#/tables?table=other'");
    await page.click('.fold', 'other');
    await page.holds("location.hash === '#/tables'");
  });
});

describe('the page Trace', () => {
  it('has the steps of what is asked for, and links to other events', async () => {
    const at = Date.UTC(2026, 10, 20, 8);
    answers = {
      ...ANSWERS,
      '/api/trace': () => ({
        subject: 'user',
        state: 'queryable',
        steps: [
          { at, what: 'one', eventId: 'e1' },
          { at: null, what: 'two', eventId: 'ada' },
        ],
        found: 3,
        hasMore: false,
        row: null,
        notes: ['noted'],
        scannedBytes: 0,
      }),
    };
    const steps = await textsOf('/trace?id=ada&as=user&since=2026-11-19', '.journey li', 'one');
    expect(steps).toEqual(['2026-11-20 08:00:00.000 one', ' two']);
    expect(queries).toContain('/api/trace?id=ada&as=user&since=2026-11-19');
    await page.shows('3 events of a user or unit, the newest 2 are listed.');
    await page.holds("document.querySelectorAll('.journey a').length === 1");
    await page.holds(
      "document.querySelector('.journey a').getAttribute('href') === '#/trace?id=e1&as=event'",
    );
    page.go('/trace');
    await page.holds("document.querySelector('input[name=since]').value === '2026-11-20'");
  });
});

describe('a query', () => {
  it('shows further rows below those before', async () => {
    page.go('/sql');
    await page.click('button', 'Run');
    await page.click('button', 'More rows');
    await page.shows('22', 'td');
    await page.shows('11', 'td');
    await page.holds("!document.querySelector('main').textContent.includes('More rows')");
  });

  it('is stopped by another one', async () => {
    answers = { ...ANSWERS, '/api/sql/run': () => run };
    page.go('/sql');
    await page.click('button', 'Run');
    await eventually('a look', () => timesOf('/api/sql/run') > 0);
    const press = "new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true })";
    await page.holds(`document.querySelector('textarea').dispatchEvent(${press}) || true`);
    await eventually('a call', () => timesOf('/api/sql/cancel') === 1);
    await page.click('button', 'Cancel');
    await eventually('a second call', () => timesOf('/api/sql/cancel') === 2);
  });

  it('is stopped by Cancel', async () => {
    answers = { ...ANSWERS, '/api/sql/run': () => run };
    page.go('/sql');
    await page.click('button', 'Run');
    await eventually('a look', () => timesOf('/api/sql/run') > 0);
    await page.click('button', 'Cancel');
    await eventually('a call', () => timesOf('/api/sql/cancel') === 1);
    expect(posted.at(-1)).toEqual(['/api/sql/cancel', { id: 'q1' }]);
    await page.shows('Run', 'button');
  });
});
