import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LiveAnswer, LiveRequest } from '../../observe/facts/flow/liveEntries.ts';
import { eventually } from '../harness/waiting.ts';
import { type MadeConsole, openMadeConsole } from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());

/** A request that was accepted at a second of 2026-11-20 10:00, but for what differs. */
const request = (second: string, more: Partial<LiveRequest> = {}): LiveRequest => ({
  type: 'request',
  at: `2026-11-20T10:00:${second}.000Z`,
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
  relay: null,
  ...more,
});
/** An answer with entries, after one that went before it could be read. */
const answerOf = (next: string, ...entries: readonly LiveRequest[]): LiveAnswer => ({
  entries,
  next,
  dropped: 1,
  ended: false,
  notes: [],
});
/** An answer that never comes: the page waits for the next entry. */
const NEVER = new Promise<never>(() => undefined);
/** Requests of which the first is accepted, the second refused, and the others accepted in part or late. */
const FOUR_TONES = [
  request('01'),
  request('11', { status: 401 }),
  request('21', { refused: { SLUICE_X: 1 } }),
  request('31', { overflowed: 1 }),
];

describe('the page Live', () => {
  it('asks with the filters of its address, and goes on at the cursor', async () => {
    made.answer({
      '/api/live': (query) => (query.get('after') === null ? answerOf('a', request('01')) : NEVER),
    });
    await made.leave();
    made.page.go('/live?user=%20ada&errors=true&other=1');
    await eventually('the next call', () => made.timesOf('/api/live') === 2);
    expect(made.calls().flatMap(({ path, address }) => (path === '/api/live' ? [address] : []))).toEqual([
      '/api/live?errors=true&user=ada&last=200',
      '/api/live?errors=true&user=ada&after=a&waitMs=20000',
    ]);
  });

  it('tells by tones what was refused in whole or in part, or overflowed', async () => {
    made.answer({
      '/api/live': (query) => (query.get('after') === null ? answerOf('a', ...FOUR_TONES) : NEVER),
    });
    await made.leave();
    made.page.go('/live');
    await made.page.shows('11-20 10:00:31', '.fold');
    const tones =
      "[...document.querySelectorAll('td .badge')].map((badge) => badge.className.replace('badge ', '')).join()";
    await made.page.holds(`${tones} === 'warning,warning,bad,good'`);
  });

  it('counts what comes while it is paused, shows it then, and sums what was dropped', async () => {
    const { page } = made;
    const held = Promise.withResolvers<void>();
    made.answer({
      '/api/live': async (query) => {
        if (query.get('after') === null) return answerOf('a', ...FOUR_TONES);
        if (query.get('after') !== 'a') return NEVER;
        await held.promise;
        return answerOf('b', request('41'), request('42'));
      },
    });
    await made.leave();
    page.go('/live');
    await page.shows('11-20 10:00:31', '.fold');
    await page.click('button', 'Pause');
    held.resolve();
    await page.shows('Resume: 2 new', 'button');
    await page.shows('2 went before they could be read');
    expect(page.texts('td .fold').length).toBe(4);
    await page.click('button', 'Resume');
    await page.shows('11-20 10:00:42', '.fold');
  });

  it('asks where the first event stopped only without a filter', async () => {
    made.answer({
      '/api/live': (query) => (query.get('after') === null ? answerOf('a') : NEVER),
      '/api/live/gate': () => ({ gate: { gate: 'refused', code: 'SLUICE_X', text: 'It stopped there.' } }),
    });
    await made.leave();
    made.page.go('/live?user=eve');
    await made.page.shows('Nothing has come that fits the filters.');
    await eventually('the next call', () => made.timesOf('/api/live') === 2);
    expect(made.timesOf('/api/live/gate')).toBe(0);
    // Spaces filter nothing.
    made.page.go('/live?user=%20&errors=');
    await made.page.shows('It stopped there.');
  });
});
