import { describe, expect, it } from '@jest/globals';
import { tableListText, tableText } from '../../../cli/observe/tableTexts.ts';
import type { TableDay } from '../../../observe/facts/tables/tableDays.ts';
import type { TableSummary } from '../../../observe/facts/tables/tables.ts';
import { cellsOf } from './cellsOf.ts';

describe('the text of sluice tables', () => {
  const table: TableSummary = {
    name: 'acme_events',
    kind: 'ingested',
    description: 'An event',
    columns: [
      { name: 'id', type: 'string', comment: 'Identity', isKey: false },
      { name: 'ds', type: 'date', comment: 'Day', isKey: true },
    ],
    location: 's3://b/acme/',
    hasDays: true,
    days: { count: 3, first: '2026-11-14', last: '2026-11-20' },
    dataset: { source: 'acme', name: 'events' },
  };
  const day: Omit<TableDay, 'lastModified'> = {
    day: '2026-11-20',
    state: 'filled',
    rows: 5,
    files: 2,
    bytes: 9,
    location: 's3://b/',
  };
  const days = {
    table: table.name,
    first: '2026-11-14',
    last: '2026-11-20',
    hasMore: false,
    scannedBytes: 7,
  };

  it('lists tables with their days, and those without', () => {
    const none = { ...table, name: 'groups', days: null };
    const nothing = { ...table, name: 'new', days: { count: 0, first: null, last: null } };
    expect(cellsOf(tableListText({ database: 'd', tables: [table, none, nothing] }))).toEqual([
      ['acme_events', 'ingested', '3', '2026-11-14', '2026-11-20', '2', 'An event'],
      ['groups', 'ingested', '2', 'An event'],
      ['new', 'ingested', '0', '2', 'An event'],
    ]);
  });

  it('has the dataset, place, columns and days of a table', () => {
    const [about = '', columns = '', calendar = '', read] = tableText({
      table,
      days: {
        ...days,
        days: [
          { ...day, lastModified: '2026-11-20T07:00Z' },
          { ...day, day: '2026-11-19', state: 'gap', rows: null, files: 0, bytes: 0, lastModified: null },
        ],
      },
    }).split('\n\n');
    expect(about).toMatch(/^acme_events \(ingested .*events of acme\): An event\n.* s3:\/\/b\/acme\/\.$/);
    expect(cellsOf(columns)).toEqual([
      ['id', 'string', 'Identity'],
      ['ds', 'date (key)', 'Day'],
    ]);
    expect(calendar).toMatch(/^\S+ \S+ 2026-11-14 to 2026-11-20/);
    expect(cellsOf(calendar)).toEqual([
      ['2026-11-20', '5', '2', '9', '2026-11-20T07:00Z'],
      ['2026-11-19', '0', '0', 'gap'],
    ]);
    expect(read).toContain(' 7 bytes');
  });

  it('shows control characters of what others have written into the catalog', () => {
    const hostile = { name: 'a\u001b', description: 'b\nc', location: 's3://d\u202e/' };
    const [about] = tableText({ table: { ...table, ...hostile }, days: null }).split('\n\n');
    expect(about).toBe(
      'a\\u001b (ingested of the dataset events of acme): b\\nc\nIts files are below s3://d\\u202e/.',
    );
  });

  it('has neither a calendar of a table that has no days, nor days of one that has none yet', () => {
    const bare = { ...table, description: '', location: null, dataset: null };
    expect(tableText({ table: bare, days: null })).toMatch(/^acme_events \(ingested\)\n\n(?!.*Athena)/s);
    const text = tableText({ table, days: { ...days, days: [], first: null } });
    expect(text.match(/---/g)).toEqual(tableText({ table, days: null }).match(/---/g));
  });
});
