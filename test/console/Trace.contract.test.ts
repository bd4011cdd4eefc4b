import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Trace } from '../../observe/trace/trace.ts';
import { type MadeConsole, openMadeConsole } from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());

/** The answer to an ID of which nothing is found. */
const NOWHERE: Trace = {
  subject: 'user',
  state: 'nowhere',
  steps: [],
  found: 0,
  hasMore: false,
  row: null,
  notes: [],
  scannedBytes: 0,
};

describe('the page Trace', () => {
  it('has the steps of what is asked for, and links to other events', async () => {
    made.answer({
      '/api/trace': () => ({
        subject: 'user',
        state: 'queryable',
        steps: [
          { at: Date.UTC(2026, 10, 20, 8), what: 'one', eventId: 'e1' },
          { at: null, what: 'two', eventId: 'ada' },
        ],
        found: 3,
        hasMore: false,
        row: null,
        notes: [],
        scannedBytes: 0,
      }),
    });
    const { page } = made;
    const steps = await made.textsOf('/trace?id=ada&as=user&since=2026-11-19', '.journey li', 'one');
    expect(steps).toEqual(['2026-11-20 08:00:00.000 one', ' two']);
    expect(made.wasCalled('/api/trace?id=ada&as=user&since=2026-11-19')).toBe(true);
    await page.shows('3 events of a user or unit, the newest 2 are listed.');
    const hrefs = "[...document.querySelectorAll('.journey a')].map((a) => a.getAttribute('href')).join()";
    await page.holds(`${hrefs} === '#/trace?id=e1&as=event&since=2026-11-19'`);
  });

  it.each([
    { what: 'the current day', path: '/trace', day: '2026-11-20' },
    { what: 'the day of the address', path: '/trace?since=2026-11-19', day: '2026-11-19' },
    {
      what: 'the time of the address',
      path: '/trace?id=ada&since=2026-11-19T08%3A00%3A00Z',
      day: '2026-11-19T08:00:00Z',
    },
    { what: 'nothing, where a search had no day,', path: '/trace?id=ada', day: '' },
  ])('has $what in the field of the first day', async ({ path, day }) => {
    made.answer({ '/api/trace': () => NOWHERE });
    await made.leave();
    made.page.go(path);
    await made.page.holds(`document.querySelector('input[name=since]')?.value === '${day}'`);
  });

  it('searches again from the time of the address', async () => {
    made.answer({ '/api/trace': () => NOWHERE });
    await made.leave();
    made.page.go('/trace?id=ada&since=2026-11-19T08%3A00%3A00Z');
    await made.page.type('input[name=id]', 'eve');
    await made.page.click('button[type=submit]', 'Search');
    await made.page.holds(`location.hash === '#/trace?id=eve&since=2026-11-19T08%3A00%3A00Z'`);
  });
});
