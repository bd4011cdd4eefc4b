import { describe, expect, it } from '@jest/globals';
import { checkText } from '../../../cli/commands/check.ts';
import { countsText, rowsText } from '../../../cli/commands/quarantine.ts';
import { hoursText } from '../../../cli/commands/reconcile.ts';
import { fatesText } from '../../../cli/commands/redrive.ts';
import { listText, tableText } from '../../../cli/commands/tables.ts';
import { refusedText } from '../../../cli/ingest/dayText.ts';
import type { QuarantinedRow } from '../../../observe/facts/tables/listQuarantined.ts';
import type { TableSummary } from '../../../observe/facts/tables/tables.ts';
import { shortHour } from '../../observe/statusFacts.ts';

const AWS = { isLocal: false };

/** The cells of a table's rows, below its line of dashes and up to an empty line. */
function cellsOf(text: string): readonly (readonly string[])[] {
  const [, rows = ''] = text.split(/^-[- ]*\n/m);
  const [table = ''] = rows.split('\n\n');
  return table
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
}

describe('the text of sluice check', () => {
  const group = { group_id: 'r1', group_name: 'Test', units: 90, expected: 50.4, crossovers: 0 };
  const experiment = {
    experiment: 'button',
    since: '2026-11-20',
    units: 100,
    crossovers: 3,
    groups: [group],
  };
  const list = { unit: 'user_id', experiments: [], scanned_bytes: 7 };

  it('has for each experiment its verdict, p-value, and groups with what was expected of each', () => {
    const text = checkText({
      ...list,
      experiments: [
        {
          ...experiment,
          groups: [group, { ...group, group_id: 'r2', group_name: null, units: 10, expected: null }],
          verdict: 'mismatch',
          p_value: 0.000_012_34,
        },
        {
          ...experiment,
          experiment: 'banner',
          since: null,
          groups: [],
          verdict: 'not_tested',
          p_value: null,
        },
      ],
    });
    expect(cellsOf(text)).toEqual([
      ['button since 2026-11-20', 'mismatch', '0.000012', '100', 'Test 90 (50), r2 10', '3'],
      ['banner', 'not tested', '100', '3'],
    ]);
    expect(text.match(/^MISMATCH of .*/gm)).toEqual([expect.stringContaining('button')]);
  });

  it('has no table without experiments', () => {
    expect(checkText(list)).not.toContain('---');
  });
});

describe('the text of sluice quarantine', () => {
  const times = { firstAt: '2026-11-19', lastAt: '2026-11-20' };
  const senders = [{ sdk: 'js 3', key: 'web', path: '/v1', rows: 4, ...times }];
  const counts = { from: '2026-11-19', to: '2026-11-20', rows: 9, notes: ['noted'], scannedBytes: 7 };
  const reason = { isRedrivable: true, cause: 'c', cure: 'c', rows: 9, items: 5, senders, ...times };

  it('says which reasons a redrive cures, who sent what, and what Athena read', () => {
    const reasons = [
      { ...reason, code: 'SLUICE_EVENT_KIND_NOT_ALLOWED' },
      { ...reason, code: 'SLUICE_INGEST_ROW_NAME_MISSING', senders: [] },
    ];
    const text = countsText({ ...counts, reasons }, AWS);
    const [first = '', second = ''] = text.split('\n\n');
    expect(cellsOf(first)).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', '9', '5', '2026-11-19', '2026-11-20', 'once corrected'],
      ['SLUICE_INGEST_ROW_NAME_MISSING', '9', '5', '2026-11-19', '2026-11-20', 'no'],
    ]);
    expect(cellsOf(second)).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', 'js 3', 'web', '/v1', '4', '2026-11-19', '2026-11-20'],
    ]);
    expect(text).toMatch(/\nnoted\n.* 7 bytes\.\n$/);
    expect(countsText({ ...counts, reasons }, { isLocal: true })).toMatch(/\nnoted\n$/);
  });

  it('has no table without reasons', () => {
    const text = countsText({ ...counts, reasons: [] }, AWS);
    expect(text).toMatch(/\nnoted\n$/);
    expect(text).not.toContain('---');
  });

  const row: QuarantinedRow = {
    quarantineId: 'q1',
    receivedAt: '2026-11-20',
    reason: 'SLUICE_EVENT_NO_NAME',
    detail: 'd',
    keyLabel: 'web',
    sdkType: 'js',
    sdkVersion: '3',
    path: '/v1',
    raw: '{}',
    isCut: false,
    rawEncoding: 'text',
    rawLocation: 's3://b/k',
  };
  const page = { rows: [row], hasMore: false, notes: [], scannedBytes: 7 };

  it.each([
    { what: 'as it was sent', more: { raw: 'x'.repeat(120) }, shown: 'x'.repeat(120) },
    { what: 'cut', more: { raw: 'x'.repeat(121) }, shown: `${'x'.repeat(120)}…` },
    { what: 'cut before', more: { isCut: true }, shown: '{}…' },
    { what: 'where it is', more: { raw: null }, shown: 's3://b/k' },
  ])('shows a row $what', ({ more, shown }) => {
    const text = rowsText({ ...page, rows: [{ ...row, ...more }] }, 20, AWS);
    expect(cellsOf(text)[0]).toEqual(['2026-11-20', 'q1', 'd', 'web', 'js', '/v1', shown]);
  });

  it.each([
    { limit: 20, says: /--rows .* 500/ },
    { limit: 500, says: /more than the 500 / },
  ])('says of $limit rows that there are more', ({ limit, says }) => {
    expect(rowsText({ ...page, hasMore: true }, limit, AWS)).toMatch(says);
    expect(rowsText(page, limit, AWS)).not.toMatch(says);
  });

  it.each([
    { raw: '{}', isCut: false, shown: '{}' },
    { raw: '{}', isCut: true, shown: '{}…' },
  ])('of a refused row of a file shows $shown', ({ shown, ...more }) => {
    const refused = { ...page, rows: [{ ...row, ...more }], hasMore: true };
    const text = refusedText(refused, 20, 1_000);
    expect(cellsOf(text)).toEqual([['/v1', 'SLUICE_EVENT_NO_NAME', 'd', shown]]);
    expect(text).toMatch(/--rows .* 1000/);
    expect(refusedText({ ...refused, hasMore: false }, 20, 1_000)).not.toContain('--rows');
    expect(refusedText({ ...page, rows: [] }, 20, 1_000)).not.toContain('---');
  });
});

describe('the text of sluice reconcile', () => {
  it('has the hours with events, and counts all by their states', () => {
    const empty = { ...shortHour, accepted: 0, finished: 0, missing: 0, state: 'whole' } as const;
    const open = { ...empty, hour: 9, finished: 4, unproved: 5, state: 'open', why: 'waits' } as const;
    const text = hoursText('2026-11-20', [shortHour, empty, empty, open]);
    expect(cellsOf(text)).toEqual([
      ['7', 'events', '300', '270', '0', '0', '0', '30', '0', 'short'],
      ['9', 'events', '0', '4', '0', '0', '0', '0', '5', 'open', 'waits'],
    ]);
    expect(text).toMatch(/\n\n2026-11-20, .*: 1 short, 2 whole, 1 open \(waits\)\. 5 events unproved\.\n$/);
    expect(hoursText('2026-11-20', [empty])).toMatch(/^2026-11-20, .*: 1 whole\. 0 events/);
  });
});

describe('the text of sluice redrive', () => {
  const report = { found: 9, delivered: { exposures: 1, events: 2 }, refused: {}, ignored: 0, failed: {} };

  it('has a line for each fate', () => {
    const all = { ...report, refused: { SLUICE_A: 3 }, ignored: 4, failed: { SLUICE_B: 5 } };
    const fates = cellsOf(fatesText(all, false));
    expect(fates.map(([, n]) => n)).toEqual(['9', '1', '2', '3', '4', '5']);
    expect(fates.map(([what]) => what).join()).toMatch(
      /exposures.*,events.*,.*refused: SLUICE_A,ignored.*,.*accepted: SLUICE_B$/,
    );
    expect(cellsOf(fatesText(report, false))).toHaveLength(3);
  });

  it('says of a dry run what would be delivered', () => {
    expect(fatesText(report, true).match(/would/g)).toHaveLength(2);
    expect(fatesText(report, false)).not.toContain('would');
  });
});

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
  const day = {
    day: '2026-11-20',
    state: 'filled',
    rows: 5,
    files: 2,
    bytes: 9,
    location: 's3://b/',
  } as const;
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
    expect(cellsOf(listText({ database: 'd', tables: [table, none, nothing] }))).toEqual([
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

  it('has neither a calendar of a table that has no days, nor days of one that has none yet', () => {
    const bare = { ...table, description: '', location: null, dataset: null };
    expect(tableText({ table: bare, days: null })).toMatch(/^acme_events \(ingested\)\n\n(?!.*Athena)/s);
    const text = tableText({ table, days: { ...days, days: [], first: null } });
    expect(text.match(/---/g)).toEqual(tableText({ table, days: null }).match(/---/g));
  });
});
