import { describe, expect, it } from '@jest/globals';
import { dayText, refusedText } from '../../../cli/ingest/dayText.ts';
import type { QuarantinedPage } from '../../../observe/facts/tables/listQuarantined.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { cellsOf } from '../observe/cellsOf.ts';

const explanation = {
  isLacking: false,
  hasNewer: false,
  meaning: ['It was loaded.', 'It has rows.'],
  served: 'Queries see it.',
  next: 'Nothing.',
  failure: null,
  refused: [],
  leftOut: {},
};
const file = { key: 'a.parquet', size: 9, eTag: '"e"', fate: 'loaded' } as const;
const failure = { code: 'SLUICE_X', message: 'no column.' };

describe('the text of a day', () => {
  it('says what happened and what is next', () => {
    expect(dayText({ ...ledgerEntry({ attempts: 2 }), explanation }).split('\n')).toEqual([
      'acme/events 2026-11-19: succeeded (table acme_events, attempts: 2)',
      'It was loaded.',
      'It has rows.',
      'Queries see it.',
      'Next: Nothing.',
      '',
    ]);
  });

  it.each([
    { state: 'failed', next: 'Next: Mend it. Nothing.' },
    { state: 'waiting', next: 'Next: Nothing.' },
  ] as const)(
    'has the failure of a day that is $state, and its cure once no try follows',
    ({ state, next }) => {
      const explained = { ...explanation, failure: { ...failure, cause: 'c', cure: 'Mend it.' } };
      const lines = dayText({ ...ledgerEntry({ state, failure }), explanation: explained }).split('\n');
      expect(lines).toEqual(expect.arrayContaining(['SLUICE_X: no column.', next]));
    },
  );

  it('has a line for each file: its fate, its rows, and why', () => {
    const text = dayText({
      ...ledgerEntry({
        files: [
          { ...file, rows: { in: 9, out: 7, refused: 2 }, refusedBy: { SLUICE_A: 2 } },
          { ...file, key: 'b.csv', fate: 'left_out', reason: 'other', detail: 'a detail' },
          { ...file, key: 'c.parquet', fate: 'failed', reason: 'SLUICE_Y', detail: 'unread' },
          { ...file, key: 'd.parquet', fate: 'failed', reason: 'SLUICE_Y', detail: 'unread' },
          { ...file, key: 'e.parquet', fate: 'failed', reason: failure.code, detail: failure.message },
        ],
        failure,
      }),
      explanation,
    });
    expect(text).toMatch(/^a\.parquet +9 +loaded +9 +7 +2 +SLUICE_A: 2$/m);
    expect(text).toMatch(/^b\.csv +9 +left_out +other a detail$/m);
    expect(text).toMatch(/^c\.parquet +9 +failed +SLUICE_Y$/m);
    expect(text.match(/^SLUICE_Y: unread$/gm)).toHaveLength(1);
    expect(text.match(/^SLUICE_X: no column\.$/gm)).toHaveLength(1);
  });

  it('says of a file that was left out what its reason means', () => {
    const left = { ...file, fate: 'left_out', reason: 'not_parquet' } as const;
    const text = dayText({ ...ledgerEntry({ files: [left] }), explanation });
    expect(cellsOf(text)).toEqual([
      ['a.parquet', '9', 'left_out', expect.stringMatching(/^not_parquet \S+ /)],
    ]);
  });

  it('repeats no failure of a file that has no words of its own, or that of the day alone', () => {
    const failed = { ...file, fate: 'failed', reason: 'SLUICE_Y' } as const;
    const ofDay = { ...failed, reason: failure.code, detail: failure.message };
    const rows = dayText({ ...ledgerEntry({ files: [failed, ofDay], failure }), explanation }).split('\n\n');
    expect(rows.slice(1)).toEqual([expect.stringMatching(/SLUICE_X\n$/)]);
  });
});

describe('the text of refused rows of a day', () => {
  const length = { listed: 20, most: 1_000 };
  const row = {
    quarantineId: 'q1',
    receivedAt: '2026-11-20',
    reason: 'SLUICE_INGEST_ROW_NAME_MISSING',
    detail: 'no name',
    keyLabel: 'ingest',
    sdkType: null,
    sdkVersion: null,
    path: 'a.parquet',
    raw: '{}',
    isCut: false,
    rawEncoding: 'text',
    rawLocation: null,
  };
  const page: QuarantinedPage = { rows: [row], hasMore: false, notes: [], scannedBytes: 7 };

  it.each([
    { what: 'as it was', isCut: false, shown: '{}' },
    { what: 'as cut', isCut: true, shown: '{}…' },
  ])('has the file and the reason of each row, and the row $what', ({ isCut, shown }) => {
    const text = refusedText({ ...page, rows: [{ ...row, isCut }] }, length);
    expect(cellsOf(text)).toEqual([['a.parquet', 'SLUICE_INGEST_ROW_NAME_MISSING', 'no name', shown]]);
  });

  it('says how more are listed where there are more', () => {
    expect(refusedText({ ...page, hasMore: true }, length)).toMatch(/--rows .* 1,000/);
    expect(refusedText(page, length)).not.toContain('--rows');
  });

  it('has no table without rows', () => {
    expect(refusedText({ ...page, rows: [] }, length)).not.toMatch(/---|\(no rows\)/);
  });
});
