import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuarantinedRow } from '../../observe/facts/tables/listQuarantined.ts';
import { type MadeConsole, NO_ROWS, openMadeConsole, openReason, REASON, redriven } from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());

/** A row of a body that is an object of its own. */
const row: QuarantinedRow = {
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

describe('a reason of quarantine that is unfolded', () => {
  it('asks for the newest rows of the window that is shown, and says that there are more', async () => {
    made.answer({ '/api/quarantine/rows': () => ({ ...NO_ROWS, rows: [row], hasMore: true }) });
    await made.leave();
    await openReason(made.page, '24');
    await made.page.shows('js 3', '.unfolded td');
    const window = 'from=2026-11-19T12%3A00%3A00Z&to=2026-11-20T12%3A00%3A00Z';
    expect(made.wasCalled(`/api/quarantine/rows?reason=${REASON}&${window}&limit=50`)).toBe(true);
    expect(made.page.texts('.unfolded td').slice(0, 6).join('|')).toContain(
      '2026-11-19 07:00:00|d|web|js 3|/p',
    );
    await made.page.shows('There are more: choose fewer hours');
  });

  it('unfolds a row to where its text is, and folds it again', async () => {
    made.answer({ '/api/quarantine/rows': () => ({ ...NO_ROWS, rows: [row] }) });
    await made.leave();
    await openReason(made.page, '24');
    await made.page.click('.unfolded .fold', '2026-11-19');
    await made.page.shows('s3://acme/large', '.unfolded .unfolded p');
    await made.page.click('.unfolded .fold', '2026-11-19');
    await made.page.holds("document.querySelector('.unfolded .unfolded') === null");
  });

  it('lists what would become of its rows', async () => {
    made.answer({
      '/api/quarantine/redrive': () => ({
        ...redriven,
        refused: { SLUICE_X: 6 },
        ignored: 4,
        failed: { SLUICE_Y: 9 },
      }),
    });
    await made.leave();
    await openReason(made.page, '24');
    await made.page.click('button', 'Redrive this reason …');
    await made.page.shows('Deliver 5 rows', '.note button');
    // Rows found, exposures and events that would be delivered, and events refused again, ignored and not accepted.
    const found = made.page.texts('.note li');
    expect(found.map((text) => text.split(' ')[0])).toEqual(['5', '2', '3', '6', '4', '9']);
    expect(found[3]).toContain('SLUICE_X');
    expect(found[5]).toContain('SLUICE_Y');
  });
});
