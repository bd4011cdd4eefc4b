import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SqlRun } from '../../observe/runSql.ts';
import { eventually } from '../harness/waiting.ts';
import { type MadeConsole, openMadeConsole, run } from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());
beforeEach(() => made.leave());

/** Runs a query, which goes on until it is stopped. */
async function runForEver(): Promise<void> {
  made.answer({ '/api/sql/run': () => run });
  made.page.go('/sql');
  await made.page.click('button', 'Run');
  await eventually('a look', () => made.timesOf('/api/sql/run') > 0);
}

/** Starts a query and cancels it. @param answer What the start answers once the query is cancelled. */
async function cancelBeforeAnswer(answer: SqlRun): Promise<void> {
  const started = Promise.withResolvers<SqlRun>();
  made.answer({ '/api/sql/start': () => started.promise });
  made.page.go('/sql');
  await made.page.click('button', 'Run');
  await eventually('a start', () => made.timesOf('/api/sql/start') === 1);
  await made.page.click('button', 'Cancel');
  started.resolve(answer);
}

describe('a query', () => {
  it('shows further rows below those before', async () => {
    const { page } = made;
    page.go('/sql');
    await page.click('button', 'Run');
    await page.click('button', 'More rows');
    await page.shows('22', 'td');
    expect(page.texts('td')).toEqual(['11', '22']);
    await page.holds("!document.querySelector('main').textContent.includes('More rows')");
  });

  it('is stopped by another one', async () => {
    await runForEver();
    const press = "new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true })";
    await made.page.holds(`document.querySelector('textarea').dispatchEvent(${press}) || true`);
    await eventually('a call', () => made.timesOf('/api/sql/cancel') === 1);
    await eventually('the other', () => made.timesOf('/api/sql/start') === 2);
    const looks = made.timesOf('/api/sql/run');
    await eventually('a look at the other', () => made.timesOf('/api/sql/run') > looks);
    await made.page.click('button', 'Cancel');
    await eventually('a second call', () => made.timesOf('/api/sql/cancel') === 2);
  });

  it('that another one has stopped shows nothing any more, not even that it could not be stopped', async () => {
    const { page } = made;
    await runForEver();
    const error = { code: 'SLUICE_AWS_FAILED', message: 'denied', cause: 'c', cure: 'c' };
    const stopped = Promise.withResolvers<{ readonly error: typeof error }>();
    made.answer({ '/api/sql/cancel': () => stopped.promise });
    const press = "new KeyboardEvent('keydown', { key: 'Enter', metaKey: true, bubbles: true })";
    await page.holds(`document.querySelector('textarea').dispatchEvent(${press}) || true`);
    await page.shows('11', 'td');
    stopped.resolve({ error });
    await page.click('button', 'More rows');
    await page.shows('22', 'td');
    expect(page.texts('main').join()).not.toContain('SLUICE_AWS_FAILED');
  });

  it('is stopped once its page is left', async () => {
    await runForEver();
    await made.leave();
    await eventually('a call', () => made.timesOf('/api/sql/cancel') === 1);
  });

  it('is stopped by Cancel', async () => {
    await runForEver();
    await made.page.click('button', 'Cancel');
    await eventually('a call', () => made.timesOf('/api/sql/cancel') === 1);
    expect(made.posted().at(-1)).toEqual({ path: '/api/sql/cancel', body: { id: 'q1' } });
    await made.page.shows('Run', 'button');
  });

  it('is stopped by Cancel also before its ID is known', async () => {
    await cancelBeforeAnswer(run);
    await eventually('a call', () => made.timesOf('/api/sql/cancel') === 1);
    expect(made.posted().at(-1)).toEqual({ path: '/api/sql/cancel', body: { id: 'q1' } });
    await made.page.shows('Run', 'button');
  });

  it('that Athena did not accept is not stopped, as it has no ID', async () => {
    await cancelBeforeAnswer({ ...run, id: null, state: 'failed', problem: 'mismatched input' });
    made.answer({});
    await made.page.click('button', 'Run');
    await made.page.shows('11', 'td');
    expect(made.timesOf('/api/sql/cancel')).toBe(0);
  });

  it('whose look fails is stopped, as nobody sees its end', async () => {
    const error = { code: 'SLUICE_AWS_FAILED', message: 'throttled', cause: 'c', cure: 'c' };
    made.answer({ '/api/sql/run': () => ({ error }) });
    made.page.go('/sql');
    await made.page.click('button', 'Run');
    await made.page.shows('SLUICE_AWS_FAILED');
    await eventually('a call', () => made.timesOf('/api/sql/cancel') === 1);
    expect(made.posted().at(-1)).toEqual({ path: '/api/sql/cancel', body: { id: 'q1' } });
  });

  it('that could not be stopped says why', async () => {
    const error = { code: 'SLUICE_AWS_FAILED', message: 'denied', cause: 'c', cure: 'c' };
    made.answer({ '/api/sql/run': () => run, '/api/sql/cancel': () => ({ error }) });
    made.page.go('/sql');
    await made.page.click('button', 'Run');
    await eventually('a look', () => made.timesOf('/api/sql/run') > 0);
    await made.page.click('button', 'Cancel');
    await made.page.shows('SLUICE_AWS_FAILED');
  });
});
