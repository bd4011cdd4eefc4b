import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TableDay } from '../../observe/facts/tables/tableDays.ts';
import type { TableSummary } from '../../observe/facts/tables/tables.ts';
import { type MadeConsole, openMadeConsole } from './madeConsole.ts';

let made: MadeConsole;
beforeAll(async () => {
  made = await openMadeConsole();
});
beforeEach(() => made.reset());
afterAll(() => made.close());

const table: TableSummary = {
  name: 'events',
  kind: 'ingested',
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
const day: TableDay = {
  day: '2026-11-20',
  state: 'filled',
  rows: null,
  files: 2,
  bytes: 1_500,
  lastModified: null,
  location: 's3://x/',
};
beforeEach(() => {
  made.answer({
    '/api/tables': () => ({ database: 'sluice', tables: [table, { ...table, name: 'other' }] }),
    '/api/tables/days': (query) => ({
      table: 'events',
      days: [
        { ...day, day: '2026-11-21', state: 'ahead' },
        { ...day, rows: query.get('noRows') === null ? 7 : null },
      ],
      first: '2026-11-19',
      last: '2026-11-21',
      hasMore: true,
      scannedBytes: 0,
    }),
  });
});

describe('a table that is unfolded', () => {
  it('has its days, whose rows are counted when somebody asks', async () => {
    const cells = await made.textsOf('/tables?table=events', '.unfolded td', 'registered ahead');
    // The cell around the table holds all of them.
    expect(cells.filter((text) => text.length < 40).join('|')).toContain(
      '2026-11-21|–|2|1.5 KB|–|s3://x/|registered ahead|2026-11-20|–|2|1.5 KB|–|s3://x/|',
    );
    expect(made.wasCalled('/api/tables/days?table=events&limit=60&noRows=true')).toBe(true);
    expect(made.wasCalled('/api/tables/days?table=events&limit=60')).toBe(false);
    await made.page.click('button', 'Count the rows');
    await made.page.shows('7', '.unfolded td.number');
    expect(made.wasCalled('/api/tables/days?table=events&limit=60')).toBe(true);
  });

  it('has a query of its newest day that has begun', async () => {
    await made.textsOf('/tables?table=events', '.unfolded td', 'registered ahead');
    const query = "new URLSearchParams(document.querySelector('.unfolded a').href.split('?')[1]).get('q')";
    await made.page.holds(`${query}.includes("WHERE ds = DATE '2026-11-20'")`);
  });

  it('is in the address, and leaves it when it is folded', async () => {
    const { page } = made;
    await made.textsOf('/tables?table=events', '.unfolded td', 'registered ahead');
    await page.click('.fold', 'other');
    await page.holds("location.hash === '#/tables?table=other'");
    await page.click('.fold', 'other');
    await page.holds("location.hash === '#/tables'");
  });
});
