import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../harness/waiting.ts';
import {
  DAY,
  deployment,
  type MadeConsole,
  openMadeConsole,
  openReason,
  REASON,
  redriven,
} from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());

/** Whether the first button of an action, of a text, is disabled: an expression of the page. */
const isDisabled = (text: string) =>
  `[...document.querySelectorAll('button')].find((b) => b.textContent.includes('${text}')).disabled`;
/** Whether the page has no such text: an expression of the page. */
const lacks = (text: string) => `!document.querySelector('main').textContent.includes('${text}')`;

/** An action of a page. */
interface Action {
  /** The page with the subject of the action. */
  readonly place: string;
  /** The text of its first button. */
  readonly opener: string;
  /** The text of its second button. */
  readonly confirm: string;
  readonly path: string;
  /** What is posted beside `dryRun`. */
  readonly body: object;
  /** The path that is called once more after the action. */
  readonly readsAgain: string;
}

describe('an action', () => {
  it.each<Action>([
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
    const { page } = made;
    const { path, body, confirm } = action;
    page.go(action.place);
    await page.click('button', action.opener);
    await page.shows(confirm, '.note button');
    expect(made.posted()).toEqual([{ path, body: { ...body, dryRun: true } }]);
    const before = made.timesOf(action.readsAgain);
    await page.click('.note button', confirm);
    await page.shows('Close', '.note button');
    expect(made.posted().slice(1)).toEqual([{ path, body: { ...body, dryRun: false } }]);
    await eventually('another call', () => made.timesOf(action.readsAgain) > before);
    await page.holds(
      `![...document.querySelectorAll('.note button')].some((b) => b.textContent === '${confirm}')`,
    );
  });

  it('forgets what was tried for another subject, and is tried for the new one', async () => {
    const { page } = made;
    await openReason(page, '24');
    await page.click('button', 'Redrive this reason …');
    await page.shows('Deliver 5 rows', '.note button');
    await openReason(page, '168');
    await page.holds(lacks('Deliver 5 rows'));
    await page.click('button', 'Redrive this reason …');
    await page.shows('Deliver 5 rows', '.note button');
    expect(made.posted().at(-1)).toEqual({
      path: '/api/quarantine/redrive',
      body: { reason: REASON, from: '2026-11-13', to: '2026-11-20', dryRun: true },
    });
  });

  it('is not tried for another subject before it is answered for the first', async () => {
    const { page } = made;
    const held = Promise.withResolvers<void>();
    made.answer({ '/api/quarantine/redrive': () => held.promise.then(() => redriven) });
    await openReason(page, '24');
    await page.click('button', 'Redrive this reason …');
    await eventually('a call', () => made.posted().length === 1);
    await openReason(page, '168');
    await page.holds(lacks('Cancel'));
    await page.holds(isDisabled('Redrive this reason'));
    held.resolve();
    await page.holds(`!(${isDisabled('Redrive this reason')})`);
    await page.holds(lacks('Deliver'));
  });

  it('is not offered by a console that may not write', async () => {
    made.answer({ '/api/deployment': () => ({ ...deployment, mayWrite: false }) });
    const readOnly = await made.openAnother();
    try {
      await openReason(readOnly, '24');
      await readOnly.click('button', 'Redrive this reason …');
      await readOnly.shows('sluice console --write --stage prod --region us-east-1.', '.note');
      await readOnly.holds(lacks('Deliver'));
    } finally {
      await readOnly.close();
    }
  });

  it('is not offered if it would do nothing', async () => {
    const { page } = made;
    const delivered = { exposures: 0, events: 0 };
    made.answer({ '/api/quarantine/redrive': () => ({ ...redriven, delivered }) });
    await openReason(page, '24');
    await page.click('button', 'Redrive this reason …');
    await page.shows('rows found', '.note');
    await page.holds(lacks('Deliver'));
  });
});
