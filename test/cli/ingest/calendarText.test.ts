import { describe, expect, it } from '@jest/globals';
import { calendarText, pageText } from '../../../cli/ingest/calendarText.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import type { DatasetStatus } from '../../../observe/facts/days/datasets.ts';
import { dropDays } from '../../../observe/facts/days/dropDays.ts';
import { needOf } from '../../../observe/facts/days/dropNeeds.ts';
import { dayContent, ledgerEntry, loadRun } from '../../harness/ledgerEntry.ts';
import { namedExport, unusualBy } from '../../observe/statusFacts.ts';

const days = ['2026-11-17', '2026-11-18', '2026-11-19'].map((day) => ({ day, entry: null }));
const status: DatasetStatus = {
  source: 'acme',
  dataset: 'events',
  kind: 'events',
  table: 'acme_events',
  folder: 's3://acme/events/',
  place: 's3://acme/events/YYYY-MM-DD',
  schedule: 'daily',
  lookbackDays: 1,
  lastLook: {
    at: 0,
    newestDay: null,
    stopped: true,
    openDays: [],
    elsewhere: { days: [], others: ['year=2026/'] },
  },
  isLookOld: false,
  late: [],
  waiting: [],
  unusual: [],
  lacking: [],
  days,
  firstDay: '2026-11-01',
  newer: [],
  unlooked: ['2025-01-01', '2025-02-01', '2026-10-01', '2026-10-31', '2026-11-01', '2026-11-17'],
};

const failure = { code: 'SLUICE_X', message: 'no.' };
const wellLook = { at: 0, newestDay: null, stopped: false, openDays: [] };

describe('the calendar of drops', () => {
  it('says which days have files that no run looks at, with the command that loads them, and what is there instead', () => {
    const text = calendarText([status]);
    const load = (options: string) => `npx sluice ingest backfill --source acme --dataset events ${options}`;
    expect(text).toMatch(/ 11-17 18 19\n.*\nacme\/events +\+ {2}· {2}·\n/);
    expect(text).toContain('+ files outside of the lookback');
    expect(text).toContain(load('--from 2026-10-31 --to 2026-11-01`'));
    expect(text).toContain(load('--from 2026-11-17`'));
    expect(text).toContain('2 more ranges');
    expect(text).toContain('year=2026/');
  });

  it('says which days have newer files than were loaded, with the command that loads them', () => {
    const day = '2026-11-17';
    const entry = ledgerEntry({ day });
    const newer = ['2026-10-01', '2026-10-02', day];
    const text = calendarText([{ ...status, days: [{ day, entry }], unlooked: [], newer }]);
    expect(text).toMatch(/^acme\/events +\+\n/m);
    const load = 'npx sluice ingest backfill --source acme --dataset events --from';
    for (const options of ['2026-10-01 --to 2026-10-02', day]) expect(text).toContain(`${load} ${options}\``);
    expect(text).toContain('newer files than were loaded');
  });

  it('has a mark of its own for a day that came without rows', () => {
    const file = { key: 'a', size: 9, eTag: '"e"', fate: 'left_out', reason: 'no_rows' } as const;
    const entry = ledgerEntry({ day: '2026-11-19', state: 'succeeded_no_data', files: [file] });
    const shown = (more: Partial<LedgerEntry>) =>
      calendarText([{ ...status, days: [{ day: entry.day, entry: { ...entry, ...more } }] }]);
    expect(shown({})).toMatch(/^acme\/events +∅\n/m);
    expect(shown({})).toContain('acme/events 2026-11-19 has 1 file, 0 rows');
    expect(shown({})).toContain('∅ files without rows');
    expect(shown({ accepted: true })).toMatch(/^acme\/events +0\n/m);
    expect(shown({ accepted: true })).toMatch(/^0 accepted without rows$/m);
  });

  it('marks files of another day, and leaves the place of a day blank that another dataset has', () => {
    const [first, second] = days.map(({ day }) => day);
    const entry = ledgerEntry({ day: first ?? '', content: dayContent({ copies: 1 }) });
    const copied = {
      ...status,
      unlooked: [],
      days: [{ day: first ?? '', entry }],
      unusual: [{ day: first ?? '', ...unusualBy('has files of other days', 'copies') }],
    };
    const other = { ...status, dataset: 'orders', unlooked: [], days: [{ day: second ?? '', entry: null }] };
    const text = calendarText([copied, other]);
    expect(text).toMatch(/^acme\/events +=\nacme\/orders +·\n/m);
    expect(text).toContain('= files of another day');
  });

  it.each([
    { days: ['2026-11-29', '2026-11-30', '2026-12-01', '2026-12-02'], labels: '11-29 30 12-01 02' },
    { days: ['2026-11-28', '2026-11-30', '2026-12-02'], labels: '11-28 11-30 12-02' },
    { days: ['2026-12-31', '2027-01-01', '2027-01-02'], labels: '12-31 2027-01-01 02' },
  ])('heads days by $labels', ({ days: shown, labels }) => {
    const text = calendarText([{ ...status, days: shown.map((day) => ({ day, entry: null })) }]);
    expect(text.split('\n')[0]?.trimEnd()).toMatch(new RegExp(` ${labels}$`));
  });

  it('has blocks of as many days as fit a line beside the name and three names of months', () => {
    const nine = Array.from({ length: 9 }, (_, i) => ({ day: `2026-11-${20 + i}`, entry: null }));
    const at = (width: number) => calendarText([{ ...status, days: nine }], undefined, width);
    /** The heads of the blocks. The name takes 11 columns, and its gap 2. */
    const headsAt = (width: number) => at(width).match(/(?<=^dataset +)\d.*$/gm);
    expect(headsAt(11 + 2 + 3 * (4 + 3))).toEqual(['11-20 21 22 23', '11-24 25 26 27', '11-28']);
    expect(headsAt(11 + 2 + 3 * (4 + 3) - 1)).toEqual(['11-20 21 22', '11-23 24 25', '11-26 27 28']);
    // A line of dashes is below each head.
    expect(at(1).match(/^-+ {2}-+$/gm)).toHaveLength(9);
  });

  it('keeps the words of a failure on the line of their day', () => {
    const words = { code: 'SLUICE_X', message: 'no\nacme/forged' };
    const entry = ledgerEntry({ day: '2026-11-19', state: 'failed', failure: words });
    const text = calendarText([{ ...status, days: [{ day: entry.day, entry }] }]);
    expect(text).toContain('failed: SLUICE_X: no\\nacme/forged (');
  });

  it('has the days of all datasets in their order, each once', () => {
    const [first, ...later] = days;
    const other = { ...status, dataset: 'orders', days: [first, ...days].flatMap((day) => day ?? []) };
    expect(calendarText([{ ...status, days: later }, other]).split('\n')[0]).toMatch(/ 11-17 18 19$/);
  });

  it('says what makes a dataset need somebody beside its days', () => {
    const unread = [{ day: '2026-11-18', location: 's3://own/x/', rows: 40 }];
    const text = calendarText([{ ...status, isLookOld: true, unread }]);
    expect(text).toMatch(/^acme\/events +\+ {2}! {2}·\n/m);
    expect(text).toContain('acme/events was listed last at 1970-01-01T00:00:00.000Z');
    expect(text).toContain('acme/events 2026-11-18 is loaded and has no partition');
  });

  it('says where the partition of a loaded day points to, if that is elsewhere', () => {
    const elsewhere = { location: 's3://other/x/', madeAt: null };
    const unread = [{ day: '2026-11-18', location: 's3://own/x/', rows: 40, elsewhere }];
    expect(calendarText([{ ...status, unread }])).toMatch(/2026-11-18 is loaded and .* s3:\/\/other\/x\/,/);
  });

  it('says of a new dataset when its first day is expected, and needs nobody for that', () => {
    const firstDue = { day: '2026-11-20', due: Date.UTC(2026, 10, 21, 8) };
    const isNew = { ...status, lastLook: wellLook, unlooked: [], firstDue };
    expect(calendarText([isNew])).toContain(
      'acme/events has no files yet: its first day, 2026-11-20, is expected by 2026-11-21T08:00:00.000Z',
    );
    expect(needOf(dropDays(isNew))).toBeNull();
  });

  it('says of a late day what it has', () => {
    const day = '2026-11-19';
    const waiting = [
      { day, words: 'has 2 files and no commit since X', isLacking: true, cure: 'run' as const },
    ];
    const text = calendarText([{ ...status, late: [{ day, due: 0 }], waiting }]);
    expect(text).toContain(`${day} is late: expected by 1970-01-01T00:00:00.000Z and has 2 files`);
    expect(text.match(/has 2 files/g)).toHaveLength(1);
    expect(calendarText([{ ...status, waiting }])).toContain(
      `acme/events ${day} has 2 files and no commit since X\n`,
    );
    // Its files are named as those that no run looks at.
    expect(calendarText([{ ...status, waiting, unlooked: [day] }])).not.toContain('no commit since X');
  });

  it('tells what waits and what is unusual of each day apart, and of a late day its own files', () => {
    const day = '2026-11-18';
    const late = [{ day, due: 0, empty: '1 file, 0 rows' }];
    const waiting = [
      { day: '2026-11-17', words: 'waits', isLacking: true, cure: 'run' as const },
      { day: '2026-11-19', words: 'waits', isLacking: true, cure: 'run' as const },
    ];
    const unusual = [{ day: '2026-11-17', ...unusualBy('has few rows', 'rows') }];
    const lines = calendarText([{ ...status, unlooked: [], late, waiting, unusual }]).match(
      /(?<=^acme\/events )2026-.*/gm,
    );
    expect(lines).toEqual([
      '2026-11-18 is late: expected by 1970-01-01T00:00:00.000Z and has 1 file, 0 rows',
      '2026-11-17 waits',
      '2026-11-19 waits',
      '2026-11-17 has few rows',
    ]);
  });

  it('tells once that a day is empty which is told as unusual', () => {
    const file = { key: 'a', size: 9, eTag: '"e"', fate: 'left_out', reason: 'no_rows' } as const;
    const entryOf = (day: string) => ledgerEntry({ day, state: 'succeeded_no_data', files: [file] });
    const shown = ['2026-11-17', '2026-11-18'].map((day) => ({ day, entry: entryOf(day) }));
    const unusual = [{ day: '2026-11-17', ...unusualBy('is unusual', 'rows') }];
    const text = calendarText([{ ...status, unlooked: [], days: shown, unusual }]);
    expect(text.match(/(?<=^acme\/events )2026-.*(is unusual|0 rows)/gm)).toEqual([
      '2026-11-17 is unusual',
      '2026-11-18 has 1 file, 0 rows',
    ]);
  });

  it('names the commands that load a late day, and that accept it as empty', () => {
    const text = calendarText([{ ...status, unlooked: [], late: [{ day: '2026-11-18', due: 0 }] }]);
    for (const action of ['backfill', 'accept empty'])
      expect(text).toContain(`ingest ${action} --source acme --dataset events --from 2026-11-18\``);
  });

  it('says until when late days are named, which is by the last of them', () => {
    const late = [
      { day: '2026-11-18', due: 0 },
      { day: '2026-11-19', due: 0 },
    ];
    const text = calendarText([{ ...status, lookbackDays: 3, late }]);
    expect(text).toMatch(/2026-11-18 to 2026-11-19: .* until 2026-12-22\n/);
  });

  it('marks and names a day whose version has lost files', () => {
    const day = '2026-11-18';
    const text = calendarText([{ ...status, lacking: [{ day, since: 0, isOnly: false }] }]);
    expect(text).toMatch(/^acme\/events +\+ {2}! {2}·\n/m);
    expect(text).toContain(`${day} lacks files of its version since 1970-01-01T00:00:00.000Z`);
  });

  it('says how far a day is that is loaded in pieces, and since when', () => {
    const day = '2026-11-19';
    const entry = ledgerEntry({
      day,
      state: 'waiting',
      run: loadRun({ rows: { in: 1_200, out: 1_200, refused: 0 } }),
    });
    const text = calendarText([{ ...status, days: [{ day, entry }] }]);
    for (const words of [day, '1970-01-01T00:00:00', '1 of 3', '1,200 rows']) expect(text).toContain(words);
  });

  it.each([
    { what: 'was never looked at', look: null, says: /never listed\b(?!.*`)/ },
    {
      what: 'could not be listed',
      look: { failure: { code: 'SLUICE_X', message: 'no.' } },
      says: /: SLUICE_X: no\..*; `npx sluice status` says what ends it$/m,
    },
    {
      what: 'has no file of its lookback',
      look: { stopped: true },
      says: /no files for any day.*; `npx sluice status` says what ends it$/m,
    },
    {
      what: 'has files that are far ahead',
      look: { elsewhere: { days: [], others: [], ahead: { days: ['2027-11-19'], since: 0 } } },
      says: /1 day, the newest 2027-11-19,/,
    },
    { what: 'is well', look: {}, says: null },
  ])('says of a folder that it $what', ({ look, says }) => {
    const lastLook = look && { at: 0, newestDay: null, stopped: false, openDays: [], ...look };
    const text = calendarText([{ ...status, lastLook, unlooked: [] }]);
    if (says === null) expect(text).not.toMatch(/^acme\/events [a-z]/m);
    else expect(text.match(/^acme\/events [a-z].*/gm)).toEqual([expect.stringMatching(says)]);
  });

  const TOLD: readonly { readonly entry: Partial<LedgerEntry>; readonly says: RegExp }[] = [
    { entry: { state: 'inputs_missing', missingSince: 60_000 }, says: /since 1970-01-01T00:01:00\.000Z$/ },
    { entry: { state: 'inputs_missing', updatedAt: 60_000 }, says: /since 1970-01-01T00:01:00\.000Z$/ },
    {
      entry: { state: 'failed', failure },
      says: /^failed: SLUICE_X: no\. .*no rows.*`npx sluice status`/,
    },
    {
      entry: { state: 'failed', failure, version: 'v1' },
      says: /^failed: SLUICE_X: no\. .*last good version/,
    },
    {
      entry: { state: 'waiting', failure, attempts: 3 },
      says: /^waiting, will be retried: SLUICE_X: .*3\)$/,
    },
    { entry: { state: 'loading', failure }, says: /^loading, will be retried: SLUICE_X: / },
    {
      entry: {
        state: 'waiting',
        failure,
        attempts: 0,
        failingSince: 1,
        queued: { fingerprint: 'other', reason: 'changed', at: 2, writtenAt: 2 },
      },
      says: /^waiting, other files came, .*: SLUICE_X: /,
    },
    { entry: { rows: { in: 9, out: 7, refused: 2 } }, says: /^refused 2 of 9 rows/ },
    { entry: { state: 'failed', failure, rows: { in: 9, out: 7, refused: 2 } }, says: /^failed: SLUICE_X/ },
    { entry: { receipt: { hash: 'h', failure } }, says: /receipt .*: SLUICE_X$/ },
    {
      entry: { version: 'v1', place: 's3://old/YYYY-MM-DD' },
      says: /^was loaded from s3:\/\/old\/YYYY-MM-DD$/,
    },
    {
      entry: { files: [{ key: 'a', size: 9, eTag: '"e"', fate: 'left_out', reason: 'not_parquet' }] },
      says: /^left out 1 object: a/,
    },
  ];

  it.each(TOLD)('says of a day what its entry tells: $says', ({ entry, says }) => {
    const day = '2026-11-19';
    const text = calendarText([
      { ...status, lastLook: wellLook, unlooked: [], days: [{ day, entry: ledgerEntry({ day, ...entry }) }] },
    ]);
    const told = [...text.matchAll(/^acme\/events 2026-11-19 (.*)$/gm)].map(([, words]) => words);
    expect(told).toEqual([expect.stringMatching(says)]);
  });

  it('names the newest three ranges of late days, and none that has files', () => {
    const dayOf = (n: number) => `2026-11-${String(n).padStart(2, '0')}` as const;
    const late = [2, 4, 6, 8, 10].map((n) => ({ day: dayOf(n), due: 0 }));
    const text = calendarText([{ ...status, late, unlooked: [] }]);
    const named = text.match(/(?<=accept empty --source acme --dataset events --from )[\d-]+/g);
    expect(named).toEqual([10, 8, 6].map(dayOf));
    const files = calendarText([{ ...status, late, unlooked: [dayOf(10)] }]);
    expect(files).not.toContain(`is without ${dayOf(10)}`);
  });

  it.each([
    { what: 'says nothing', missing: ['2026-11-19'], isNamed: false },
    { what: 'names them', missing: ['2026-11-18'], isNamed: true },
    { what: 'says nothing', missing: ['2026-11-17', '2026-11-19'], isNamed: false },
  ])(
    'of names that are no days $what where $missing have no entry, with a lookback of one day',
    ({ missing, isNamed }) => {
      const shown = days.map(({ day }) => ({
        day,
        entry: missing.includes(day) ? null : ledgerEntry({ day }),
      }));
      expect(calendarText([{ ...status, days: shown, unlooked: [] }]).includes('year=2026/')).toBe(isNamed);
    },
  );
});

describe('the line below a page of datasets', () => {
  const page = {
    total: 9,
    needing: 2,
    days: [],
    unknown: [],
    datasets: [dropDays(status)],
    exports: [],
    next: 'acme/events',
  };

  it('has the command of the next page, with every option that chose this one', () => {
    const values = { source: 'acme', dataset: 'events', days: '3', stage: 'prod' };
    const text = pageText({ values, positionals: ['status'] }, 'ingest', page);
    expect(text).toContain('1 of 9 datasets, first the 2 that need somebody.');
    expect(text).toContain('--source acme --dataset events --days 3 --after acme/events');
    expect(text).toContain('--stage prod');
  });

  it('says of the last page that it is, and what could not be read', () => {
    const unknown = [{ part: 'days', why: 'AWS denied\nit' }];
    const text = pageText({ values: {}, positionals: ['status'] }, 'export', {
      ...page,
      datasets: [],
      exports: ['out', 'more'].map((name) => ({ ...namedExport, export: name, days: [] })),
      next: null,
      unknown,
    });
    expect(text).toMatch(/days\. AWS denied\\nit\n2 of 9 exports,/);
    expect(text).not.toContain('--after');
  });

  it('is empty if all are shown', () => {
    const text = pageText({ values: {}, positionals: ['status'] }, 'ingest', {
      ...page,
      total: 1,
      next: null,
    });
    expect(text).toBe('');
  });
});
