import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DaysAnswer } from '../../console/api/days.ts';
import type { DeploymentAnswer } from '../../console/api/deployment.ts';
import type { RedriveAnswer } from '../../console/api/quarantine.ts';
import { bundlePage } from '../../console/server/bundlePage.ts';
import type { CuratedTableStatus } from '../../observe/facts/days/curatedCalendar.ts';
import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { ExplainedDay } from '../../observe/ingest/explainDay.ts';
import type { SqlRun } from '../../observe/runSql.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { listen } from '../harness/listen.ts';
import { eventually } from '../harness/waiting.ts';
import { datasetFacts, loadedDay, namedExport, wellStatus } from '../observe/statusFacts.ts';
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
  response.end(JSON.stringify(await answers[pathname]?.(searchParams)));
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
    page.go('/days?after=x');
    await eventually('the later page', () => queries.includes('/api/days?days=14&after=x'));
    await page.type('input[type=date]', '2026-11-10');
    await eventually('the first page', () => queries.includes('/api/days?days=14&until=2026-11-10'));
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
