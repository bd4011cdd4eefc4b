import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { UtcDay } from '../../lib/base/time.ts';
import { eventually } from '../harness/waiting.ts';
import { datasetFacts, loadedDay, namedExport } from '../observe/statusFacts.ts';
import {
  curated,
  curatedCalendar,
  DAY,
  days,
  explained,
  type MadeConsole,
  NO_ROWS,
  openMadeConsole,
  type ProxyAnswer,
} from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());

/** The place of a day of the dataset, and of one of the curated table. */
const ofDataset = (day: string) => `/days?line=drops%20of%20events%20acme%2Forders&day=${day}`;
const ofCurated = (day: string) =>
  `/days?line=curated%20from%20statsig_forwarded_exposures%20curated_exposures&day=${day}`;

describe('the calendar', () => {
  /** Seven lines on pages of two, with days around the end of a month. */
  const longCalendar = () => {
    const loaded = (...ofLine: readonly UtcDay[]) =>
      ofLine.map((day) => ({ ...loadedDay, day, rows: { in: 9, out: 8, refused: 0 } }));
    return {
      ...days,
      total: 7,
      needing: 3,
      next: 'cursor 2',
      days: ['2026-10-30', '2026-10-31', '2026-11-01', '2026-11-02'] as const,
      ...datasetFacts({ days: loaded('2026-10-31', '2026-11-01', '2026-11-02') }),
      exports: [{ ...namedExport, days: loaded('2026-11-02') }],
      unknown: [{ part: 'the drops of x', why: 'Denied.' }],
      curated: { ...curatedCalendar, tables: [{ ...curated, days: [] }] },
    } as const;
  };

  it('says how many lines there are, and what is not known', async () => {
    made.answer({ '/api/days': longCalendar });
    const [said] = await made.textsOf(
      '/days?days=2',
      'main',
      '7 datasets and exports, first the 3 that need',
    );
    expect(said).toContain('2 are on this page');
    expect(said).toContain('Not known: the drops of x. Denied.');
  });

  it('has a place for each day of each line, with its month where one begins', async () => {
    made.answer({ '/api/days': longCalendar });
    await made.textsOf('/days?days=2', 'main', '7 datasets');
    // Days that were read have a mark; the others are an empty place.
    const placed = made.page.texts('ol.days').map((text) => text.match(/(?:Oct|Nov)? ?\d\d(?=✓)/g));
    expect(placed).toEqual([['Oct 31', 'Nov 01', ' 02'], ['Nov 02'], null]);
    expect(made.page.texts('ol.days button small').slice(-2)).toEqual(['Nov 01', ' 02']);
    await made.page.holds("document.querySelectorAll('ol.days')[1].children.length === 3");
    // Only of a day that was read there is something to open: of a curated table those that were asked for.
    const buttons =
      "[...document.querySelectorAll('ol.days')].map((line) => line.querySelectorAll('button').length)";
    await made.page.holds(`${buttons}.join() === '3,1,2'`);
  });

  it('draws the rows of a day beside those of its line, breaks a bar that is too long, and marks what is usual', async () => {
    const line = Array.from({ length: 14 }, (_, i) => ({
      ...loadedDay,
      day: `2026-11-${i + 10}` as UtcDay,
      rows: { in: 10, out: i === 13 ? 1_000 : 10, refused: 0 },
      usual: i === 13 ? 12 : null,
    }));
    const ofLine = line.map(({ day }) => day);
    made.answer({
      '/api/days': () => ({ ...days, ...datasetFacts({ days: line }), days: ofLine, exports: [] }),
    });
    await made.textsOf('/days', '.days small', '1K');
    const bars = "[...document.querySelectorAll('ol.days')[0].querySelectorAll('svg')]";
    const marks = "['break', 'usual'].map((name) => svg.querySelectorAll('.' + name).length).join('')";
    await made.page.holds(`${bars}.map((svg) => ${marks}).join() === '${'00,'.repeat(13)}11'`);
  });

  it('opens a day that is clicked, and closes it once it is clicked again', async () => {
    const { page } = made;
    await made.textsOf('/days', 'button', 'done, 1 file');
    await page.click('.days button', 'done, 1 file');
    await page.holds(
      "location.hash.includes('day=') && document.querySelector('[aria-expanded=true]') !== null",
    );
    await page.click('.days [aria-expanded=true]', 'done, 1 file');
    await page.holds(
      "!location.hash.includes('day=') && document.querySelector('[aria-expanded=true]') === null",
    );
  });

  it('goes to the next page, and back to the first one', async () => {
    const { page } = made;
    made.answer({ '/api/days': longCalendar });
    await made.textsOf('/days?days=2', 'main', '7 datasets');
    await page.click('button', 'Next page');
    await eventually('the next page', () => made.wasCalled('/api/days?days=2&after=cursor+2'));
    await page.click('button', 'First page');
    await page.holds("!location.hash.includes('after')");
  });

  it('says on its last page which lines the count is of, and leads back to the first one alone', async () => {
    made.answer({ '/api/days': () => ({ ...longCalendar(), next: null }) });
    const path = '/days?days=2&until=2026-11-02&after=cursor+2';
    const [said] = await made.textsOf(path, 'main', '7 datasets and exports');
    expect(said).toContain('the 3 that need somebody for these days.');
    const buttons = made.page.texts('main button').filter((text) => text.endsWith(' page'));
    expect(buttons).toEqual(['First page']);
  });

  it('says what to configure only where no page has a line', async () => {
    const nothing = { ...days, datasets: [], exports: [], curated: null, total: 0, needing: 0 };
    made.answer({ '/api/days': () => nothing });
    await made.textsOf('/days', 'main', 'The configuration has no sources');
    const [said] = await made.textsOf('/days?after=x', 'main', '0 datasets and exports');
    expect(said).not.toContain('The configuration has no sources');
  });

  it('begins at its first page once another last day is chosen', async () => {
    const { page } = made;
    page.go('/days?days=28&after=x');
    await eventually('the later page', () => made.wasCalled('/api/days?days=28&after=x'));
    await page.type('input[type=date]', '2026-11-10');
    await eventually('the first page', () => made.wasCalled('/api/days?days=28&until=2026-11-10'));
  });
});

describe('a day of a dataset', () => {
  it('says what happened, and reads its refused rows', async () => {
    const file = { size: 1_500, eTag: 'e' };
    made.answer({
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
      '/api/drops/refused': () => NO_ROWS,
    });
    const figures = await made.textsOf(ofDataset(DAY), '.figures dd', '40');
    expect(figures).toEqual(['40', '30', '10', '2 KB', '3']);
    await made.page.shows('no_rows: own', 'td');
    expect(made.page.texts('td').slice(0, 18).join('|')).toBe(
      'a|loaded|1.5 KB|40|10||b|left out|1.5 KB|–|–|no_rows: meant|c|left out|1.5 KB|–|–|no_rows: own',
    );
    await eventually('the rows', () =>
      made.wasCalled(`/api/drops/refused?source=acme&dataset=orders&day=${DAY}&limit=50`),
    );
    expect(made.wasCalled(`/api/drops/day?source=acme&dataset=orders&day=${DAY}`)).toBe(true);
    await made.page.holds(
      `document.querySelector('a[href="#/tables?table=acme_events&day=${DAY}"]') !== null`,
    );
  });

  it('that the ledger does not have says when it was expected, if it is late', async () => {
    const late = [
      { day: '2026-11-17', due: Date.UTC(2026, 10, 18, 9) },
      { day: '2026-11-18', due: Date.UTC(2026, 10, 19, 9) },
    ] as const;
    const shown = (['2026-11-18', '2026-11-19'] as const).map((day) => ({ ...loadedDay, day, state: null }));
    const error = { code: 'SLUICE_INGEST_DAY_UNKNOWN', message: 'm', cause: 'c', cure: 'c' };
    made.answer({
      '/api/days': () => ({ ...days, ...datasetFacts({ late, days: shown }) }),
      '/api/drops/day': () => ({ error }),
    });
    await made.textsOf(ofDataset('2026-11-18'), 'p', 'expected by 2026-11-19 09:00:00 UTC');
    const [said] = await made.textsOf(ofDataset('2026-11-19'), 'main', 'Files are looked for');
    expect(said).not.toContain('expected by');
  });

  it.each<{ readonly what: string; readonly answer: ProxyAnswer }>([
    { what: 'JSON without an error', answer: { error: undefined } },
    { what: 'an error that is a text', answer: { error: 'Bad Gateway' } },
    { what: 'a page, as of a sign-in', answer: { page: '<h1>Sign in</h1>' } },
  ])('that a proxy answers for with $what is told as no answer of the console', async ({ answer }) => {
    made.answer({ '/api/drops/day': () => answer });
    expect(await made.textsOf(ofDataset(DAY), 'main', 'SLUICE_CONSOLE_')).toEqual([
      expect.stringContaining('SLUICE_CONSOLE_UNREACHABLE'),
    ]);
  });
});

describe('a curated day', () => {
  it('has the figures of its rows', async () => {
    const account = { rawRows: 40, rows: 30, resends: 10, kept: 0, differing: 0 };
    const curatedDays = curated.days.map((day) => ({ ...day, account }));
    const calendar = { ...curatedCalendar, tables: [{ ...curated, days: curatedDays }] };
    made.answer({ '/api/days': () => ({ ...days, curated: calendar }) });
    expect(await made.textsOf(ofCurated(DAY), '.figures dd', '40')).toEqual(['40', '30', '10']);
  });

  it('is not curated again while it is too young', async () => {
    made.page.go(ofCurated('2026-11-20'));
    await made.page.shows('too young');
    await made.page.holds("!document.querySelector('main').textContent.includes('again …')");
  });
});
