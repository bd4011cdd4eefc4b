import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Period } from '../../observe/facts/flow/overTime.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { judge } from '../../observe/findings/judge/judge.ts';
import type { Status } from '../../observe/findings/status.ts';
import {
  failedDay,
  hoursAgo,
  judgedDeployment,
  namedExport,
  ringingAlarm,
  shortHour,
  waitingFacts,
  wellDay,
  wellFacts,
  wellStatus,
} from '../observe/statusFacts.ts';
import { type MadeConsole, openMadeConsole } from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());

/**
 * Five minutes from a minute of November on. Each figure is another function of n, so that none can stand for another. With n = 2 the
 * endpoint's metric is not known.
 */
const period = (at: string, n: number): Period => ({
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
/** In the hour h usually 10 × h requests came, at least h and at most 100 × h. */
const usualHours = Array.from({ length: 24 }, (_, hour) => ({
  least: hour,
  median: 10 * hour,
  most: 100 * hour,
}));
/** The status of a deployment that has traffic. */
const busy: Status = { ...wellStatus, lastRequestAt: hoursAgo(1), lastDay: { ...wellDay, usualHours } };

describe('what changes over time', () => {
  /** Columns of the table below the charts. */
  const COLUMNS = 10;
  const CELLS = '.charts ~ details td';
  /** Unfolds that table. @returns Its rows, once one of its cells has the text. */
  const unfoldedRows = async (path: string, text: string) => {
    made.page.go(path);
    await made.page.click('summary', 'The same as a table');
    await made.page.shows(text, CELLS);
    const cells = made.page.texts(CELLS);
    return Array.from({ length: cells.length / COLUMNS }, (_, row) =>
      cells.slice(row * COLUMNS, (row + 1) * COLUMNS).join(' '),
    );
  };
  /** A day of five-minute periods without its last one: so many are drawn as one day with one more, and as several with two. */
  const ofDay = Array.from({ length: 287 }, () => period('20T00:00', 1));

  it('is summed for a day in bars of a quarter of an hour, and by the hour in its table', async () => {
    made.answer({
      '/api/findings': () => busy,
      '/api/over-time': () => [
        period('20T10:50', 1),
        period('20T10:55', 2),
        period('20T11:00', 3),
        period('20T11:15', 4),
      ],
    });
    // Each line has its value in the last bar: the period of 11:15, and a quarter of the 110 requests usual from 11:00 on.
    const keys = await made.textsOf('/?hours=24', '.charts figcaption li', '5xx without the collector 4,000');
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
    expect(await unfoldedRows('/?hours=24', '2026-11-20 11:00')).toEqual([
      '2026-11-20 11:00 110 7 70 700 7,000 49 21 47 4',
      '2026-11-20 10:00 100 3 30 300 1,000 21 9 49 2',
    ]);
  });

  it('is summed for several days in bars of two hours, and by the day in its table', async () => {
    made.answer({
      '/api/findings': () => busy,
      '/api/over-time': () => [...ofDay, period('21T04:00', 2), period('21T05:55', 3)],
    });
    const keys = await made.textsOf('/?days=7', '.charts figcaption li', '202 5');
    // Usual are 40 requests from 04:00 on and 50 from 05:00 on; of a day 10 × (0 + … + 23).
    expect(keys[0]).toContain(' 90');
    expect(await unfoldedRows('/?days=7', '2026-11-21')).toEqual([
      '2026-11-21 2,760 5 50 500 3,000 35 15 48 3',
      '2026-11-20 2,760 287 2,870 28,700 287,000 2,009 861 49 1',
    ]);
  });

  it('is still a day with 288 periods', async () => {
    made.answer({
      '/api/findings': () => busy,
      '/api/over-time': () => [...ofDay, period('21T04:00', 2)],
    });
    await made.leave();
    expect(await unfoldedRows('/?days=1', '2026-11-21 04:00')).toHaveLength(2);
  });
});

describe('findings', () => {
  /** A problem for each export of these names, and one warning: alarms notify nobody. */
  const problemsOf = (...exports: readonly string[]): readonly Finding[] =>
    judge(
      {
        ...wellFacts,
        exports: exports.map((name) => ({ ...namedExport, export: name, days: [failedDay] })),
        alarms: [{ ...ringingAlarm, state: 'OK', notifies: false }],
      },
      judgedDeployment,
      'us-east-1',
    );
  /** Shows these findings anew. */
  const show = async (problems: readonly Finding[]) => {
    await made.leave();
    made.answer({ '/api/findings': () => ({ ...busy, problems }) });
    made.page.go('/');
    await made.page.shows('SLUICE_FINDING_NO_TOPIC');
  };
  /** The exports whose finding is open. */
  const opened = () =>
    made.page
      .texts('.findings .note > button[aria-expanded=true]')
      .map((text) => /of (\w+), s3/.exec(text)?.[1]);
  const cures = (count: number) => `document.querySelectorAll('.cure:not([hidden])').length === ${count}`;

  it('of three the first problem is open, until somebody opens another or closes it', async () => {
    await show(problemsOf('one', 'two'));
    expect(opened()).toEqual(['one']);
    await made.page.click('.findings .fold', 'of two, s3');
    await made.page.holds(cures(1));
    expect(opened()).toEqual(['two']);
    await made.page.click('.findings .fold', 'of two, s3');
    await made.page.holds(cures(0));
  });

  it('of four none is open', async () => {
    await show(problemsOf('one', 'two', 'three'));
    expect(opened()).toEqual([]);
  });

  it('a warning alone is not open', async () => {
    await show(problemsOf());
    expect(opened()).toEqual([]);
  });

  it('are counted also where they are not listed', async () => {
    made.answer({
      '/api/findings': () => ({
        ...busy,
        found: { problem: 1, warning: 2, unchecked: 3 },
        more: { SLUICE_FINDING_INGEST_LATE: 4 },
      }),
    });
    const [said] = await made.textsOf('/', 'main', '1 problem2 warnings3 not checked');
    expect(said).toContain('4 more SLUICE_FINDING_INGEST_LATE');
  });

  it.each([
    { part: 'drops', links: ['#/days'] },
    { part: 'partitions', links: ['#/tables'] },
    { part: 'streams', links: [] },
  ] as const)(
    'of $part that are not listed are on the page of what they are about',
    async ({ part, links }) => {
      const problems = problemsOf('one')
        .slice(0, 1)
        .map((found) => ({ ...found, part }));
      const more = Object.fromEntries(problems.map(({ code }) => [code, 4]));
      made.answer({ '/api/findings': () => ({ ...busy, problems, more }) });
      await made.textsOf('/', '.findings ~ p', '4 more');
      const found = `[...document.querySelectorAll('.findings ~ p a')].map((a) => a.getAttribute('href'))`;
      await made.page.holds(`JSON.stringify(${found}) === '${JSON.stringify(links)}'`);
    },
  );
});

it('received hours are counted as they were judged', async () => {
  made.answer({
    '/api/over-time': () => [period('20T10:50', 1)],
    '/api/findings': () => ({
      ...busy,
      receivedHours: [
        { ...shortHour, hour: 6, state: 'whole', missing: 0 },
        { ...shortHour, hour: 7, state: 'short', missing: 30 },
        { ...shortHour, hour: 8, state: 'short', missing: 4 },
      ],
    }),
  });
  await made.textsOf('/', '.charts dl dd', '34');
  // Whole, open, unknown, short, and the events that are missing. The hours of the day that were not judged are open.
  expect(made.page.texts('.charts dl dd')).toEqual(['1', '21', '0', '2', '34']);
});

it.each([
  { what: 'that no night has judged are none', receivedHours: [], figures: ['0', '0', '0', '0', '0'] },
  { what: 'that could not be read are not known', receivedHours: null, figures: ['–', '–', '–', '–', '–'] },
])('received hours $what', async ({ receivedHours, figures }) => {
  made.answer({
    '/api/over-time': () => [period('20T10:50', 1)],
    '/api/findings': () => ({ ...busy, receivedHours }),
  });
  const [first = ''] = figures;
  await made.textsOf('/', '.charts dl dd', first);
  expect(made.page.texts('.charts dl dd')).toEqual(figures);
});

it('alarms that are on are counted, and listed first', async () => {
  made.answer({
    '/api/findings': () => ({
      ...busy,
      alarms: [
        { ...ringingAlarm, name: 'quiet', state: 'OK', notifies: true },
        { ...ringingAlarm, name: 'loud', state: 'ALARM', notifies: true },
      ],
    }),
  });
  await made.leave();
  made.page.go('/');
  await made.page.click('summary', 'Alarms that are on: 1 of 2');
  await made.page.shows('quiet', 'td');
  expect(made.page.texts('td[data-name=Alarm]')).toEqual(['loud', 'quiet']);
});

describe('how to send a first event', () => {
  it('is told if nothing ever came', async () => {
    const [said] = await made.textsOf('/', 'main', 'No event has come in yet.');
    expect(said).toContain('no event yet');
  });

  it.each<{ readonly what: string; readonly known: Partial<Status> }>([
    { what: 'the stream buffers an event', known: waitingFacts({ buffered: { count: 1, oldest: null } }) },
    { what: 'a row was received', known: { lastEventAt: hoursAgo(9) } },
    { what: 'a request was answered', known: { lastRequestAt: hoursAgo(1) } },
  ])('is not told once $what', async ({ known }) => {
    made.answer({ '/api/findings': () => ({ ...wellStatus, ...known }) });
    const [said] = await made.textsOf('/', 'main', 'All is well');
    expect(said).not.toContain('No event has come in yet.');
  });
});
