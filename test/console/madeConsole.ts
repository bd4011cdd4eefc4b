import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type { DaysAnswer } from '../../console/api/days.ts';
import type { DeploymentAnswer } from '../../console/api/deployment.ts';
import type { GateAnswer } from '../../console/api/live.ts';
import type { RedriveAnswer } from '../../console/api/quarantine.ts';
import { bundlePage } from '../../console/server/bundlePage.ts';
import type { ErrorObject } from '../../lib/base/errors.ts';
import type { CuratedCalendar, CuratedTableStatus } from '../../observe/facts/days/curatedCalendar.ts';
import type { LiveAnswer } from '../../observe/facts/flow/liveEntries.ts';
import type { Period } from '../../observe/facts/flow/overTime.ts';
import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import type { TableDays } from '../../observe/facts/tables/tableDays.ts';
import type { TableList } from '../../observe/facts/tables/tables.ts';
import type { Status } from '../../observe/findings/status.ts';
import type { ExplainedDay } from '../../observe/ingest/explainDay.ts';
import type { SqlPage, SqlRun } from '../../observe/runSql.ts';
import type { Trace } from '../../observe/trace/trace.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { listen } from '../harness/listen.ts';
import { datasetFacts, loadedDay, namedExport, wellStatus } from '../observe/statusFacts.ts';
import { type OpenPage, openPage } from './openPage.ts';

/** What the API answers, by path. */
interface Answers {
  readonly '/api/deployment': DeploymentAnswer;
  readonly '/api/findings': Status;
  readonly '/api/over-time': readonly Period[];
  readonly '/api/quarantine': QuarantineCounts;
  readonly '/api/quarantine/rows': QuarantinedPage;
  readonly '/api/quarantine/redrive': RedriveAnswer;
  readonly '/api/days': DaysAnswer;
  readonly '/api/drops/day': ExplainedDay | { readonly error: ErrorObject } | ProxyAnswer;
  readonly '/api/drops/refused': QuarantinedPage;
  readonly '/api/live': LiveAnswer;
  readonly '/api/live/gate': GateAnswer;
  readonly '/api/tables': TableList;
  readonly '/api/tables/days': TableDays;
  readonly '/api/trace': Trace;
  readonly '/api/sql/start': SqlRun;
  readonly '/api/sql/run': SqlRun | { readonly error: ErrorObject };
  readonly '/api/sql/rows': SqlPage;
  readonly '/api/sql/cancel': SqlRun | { readonly error: ErrorObject };
  // The page reads nothing of these answers.
  readonly '/api/drops/backfill': object;
  readonly '/api/exports/run': object;
  readonly '/api/curate/rebuild': object;
}

/** What a proxy answers that does not reach the console: a page, or JSON of its own. */
export type ProxyAnswer = { readonly page: string } | { readonly error: string | undefined };

/** How paths answer: by the query of a call, at once or later. */
type MadeAnswers = {
  readonly [Path in keyof Answers]?: (query: URLSearchParams) => Answers[Path] | Promise<Answers[Path]>;
};

/** A call that the page made. */
interface PageCall {
  readonly path: string;
  /** Path and query, as `/api/days?days=28`. */
  readonly address: string;
  /** What was posted; undefined of a GET. */
  readonly body: unknown;
}

/** The page before an API whose answers a test makes. */
export interface MadeConsole {
  /** The page, which is opened once and goes from place to place. */
  readonly page: OpenPage;
  /** Has paths answer so until {@link reset}. Others answer as always. */
  answer(answers: MadeAnswers): void;
  /** The calls since {@link reset}, in the order in which they came. */
  calls(): readonly PageCall[];
  /** How often a path was called since {@link reset}. */
  timesOf(path: string): number;
  /** The bodies that were posted since {@link reset}, with their paths. */
  posted(): readonly Pick<PageCall, 'path' | 'body'>[];
  /** Whether an address was called since {@link reset}. */
  wasCalled(address: string): boolean;
  /** Leaves the page, so that the next one is read anew. */
  leave(): Promise<void>;
  /** Goes to a page anew. @returns The texts of elements of a selector, once one of them has the text. */
  textsOf(path: string, selector: string, text: string): Promise<readonly string[]>;
  /** Opens the page once more, as a person who opens it in another tab. */
  openAnother(): Promise<OpenPage>;
  /** Forgets answers and calls: for `beforeEach`. */
  reset(): void;
  close(): Promise<void>;
}

/** A reason of quarantine that has rows, 4,711 of the last day and 5,822 of the last week. */
export const REASON = 'SLUICE_EVENT_KIND_NOT_ALLOWED';

/** A day with a loaded drop, an export and a curated table: the one before {@link deployment}'s. */
export const DAY = '2026-11-19';

/** The deployment that the console is of. */
export const deployment: DeploymentAnswer = {
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

/** The result of a redrive, or of its dry run: 5 rows are delivered. */
export const redriven: RedriveAnswer = {
  dryRun: true,
  reason: REASON,
  from: DAY,
  to: DAY,
  found: 5,
  delivered: { exposures: 2, events: 3 },
  refused: {},
  ignored: 0,
  gone: 0,
  failed: {},
};

/** A curated table with a day that is too young, and {@link DAY}. */
export const curated: CuratedTableStatus = {
  kind: 'exposures',
  table: 'curated_exposures',
  rawTable: 'statsig_forwarded_exposures',
  listed: 1,
  days: [
    {
      day: '2026-11-20',
      state: 'too_young',
      why: '',
      version: null,
      account: null,
      failure: null,
      isLate: false,
    },
    { day: DAY, state: 'curated', why: '', version: null, account: null, failure: null, isLate: false },
  ],
};

/** The calendar of {@link curated}. */
export const curatedCalendar: CuratedCalendar = {
  isOn: true,
  curateAfter: 1,
  firstYoung: '2026-11-20',
  tables: [curated],
};

/** The calendar: a dataset and an export that have {@link DAY}, and {@link curated}. */
export const days: DaysAnswer = {
  total: 2,
  needing: 0,
  next: null,
  days: [DAY, '2026-11-20'],
  unknown: [],
  ...datasetFacts({ days: [loadedDay] }),
  exports: [{ ...namedExport, days: [loadedDay] }],
  curated: curatedCalendar,
  sources: ['acme'],
};

/** The day of the dataset, of which nothing is to be said. */
export const explained: ExplainedDay = {
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

/** A query that runs. */
export const run: SqlRun = {
  id: 'q1',
  state: 'running',
  scannedBytes: 0,
  elapsedMs: 1,
  problem: null,
  location: null,
};

/** No rows of quarantine. */
export const NO_ROWS: QuarantinedPage = { rows: [], hasMore: false, notes: [], scannedBytes: 0 };

const columns = [{ name: 'n', type: 'bigint' }];
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

/** What is answered unless a test says otherwise: a deployment in which all is well. */
const USUAL: MadeAnswers = {
  '/api/deployment': () => deployment,
  '/api/findings': () => wellStatus,
  '/api/over-time': () => [],
  '/api/quarantine': (query) =>
    query.get('hours') === '168'
      ? countsOf('2026-11-13T12:00:00Z', 5_822)
      : countsOf('2026-11-19T12:00:00Z', 4_711),
  '/api/quarantine/rows': () => NO_ROWS,
  '/api/quarantine/redrive': () => redriven,
  '/api/days': () => days,
  '/api/drops/day': () => explained,
  '/api/drops/backfill': () => ({}),
  '/api/exports/run': () => ({}),
  '/api/curate/rebuild': () => ({}),
  '/api/tables': () => ({ database: 'sluice', tables: [] }),
  '/api/sql/start': () => run,
  '/api/sql/run': () => ({ ...run, state: 'succeeded' }),
  '/api/sql/rows': (query) =>
    query.get('cursor') === null
      ? { columns, rows: [['11']], next: 'page 2' }
      : { columns, rows: [['22']], next: null },
  '/api/sql/cancel': () => ({ ...run, state: 'cancelled' }),
};

/** The files of the page, which suites of a worker share. */
const assets = await bundlePage();

/** Opens the page before an API whose answers a test makes. */
export async function openMadeConsole(): Promise<MadeConsole> {
  let answers: Readonly<Record<string, ((query: URLSearchParams) => unknown) | undefined>> = USUAL;
  let calls: PageCall[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const asset = assets.get(pathname === '/' ? 'index.html' : pathname.replace('/assets/', ''));
    if (asset !== undefined) {
      response.setHeader('content-type', asset.type).end(asset.contents);
      return;
    }
    const body = request.method === 'POST' ? await json(request) : undefined;
    calls.push({ path: pathname, address: `${pathname}?${searchParams}`, body });
    const answer = await answers[pathname]?.(searchParams);
    const isObject = typeof answer === 'object' && answer !== null;
    if (isObject && 'error' in answer) response.statusCode = 400;
    response.end(isObject && 'page' in answer ? answer.page : JSON.stringify(answer));
  });
  const address = await listen(server);
  const page = await openPage(address);
  const leave = async () => {
    page.go('/nowhere');
    await page.shows('Not found', 'h1');
  };
  return {
    page,
    answer(more) {
      answers = { ...USUAL, ...more };
    },
    calls: () => calls,
    timesOf: (path) => calls.filter((call) => call.path === path).length,
    posted: () => calls.flatMap(({ path, body }) => (body === undefined ? [] : [{ path, body }])),
    wasCalled: (called) => calls.some((call) => call.address === called),
    leave,
    async textsOf(path, selector, text) {
      await leave();
      page.go(path);
      await page.shows(text, selector);
      return page.texts(selector);
    },
    openAnother: () => openPage(address),
    reset() {
      answers = USUAL;
      calls = [];
    },
    async close() {
      await page.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Opens the reason of quarantine of the last day, or of the last week. */
export async function openReason(page: OpenPage, hours: '24' | '168'): Promise<void> {
  page.go(`/?reason=${REASON}&hours=${hours}`);
  await page.shows(hours === '168' ? '5,822' : '4,711', 'td');
}
