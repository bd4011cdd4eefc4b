import { describe, expect, it } from '@jest/globals';
import { dayText } from '../../../cli/ingest/dayText.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';

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
    expect(dayText(ledgerEntry({ attempts: 2 }), explanation).split('\n')).toEqual([
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
      const lines = dayText(ledgerEntry({ state, failure }), explained).split('\n');
      expect(lines).toEqual(expect.arrayContaining(['SLUICE_X: no column.', next]));
    },
  );

  it('has a line for each file: its fate, its rows, and why', () => {
    const text = dayText(
      ledgerEntry({
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
    );
    expect(text).toMatch(/^a\.parquet +9 +loaded +9 +7 +2 +SLUICE_A: 2$/m);
    expect(text).toMatch(/^b\.csv +9 +left_out +other a detail$/m);
    expect(text).toMatch(/^c\.parquet +9 +failed +SLUICE_Y$/m);
    expect(text.match(/^SLUICE_Y: unread$/gm)).toHaveLength(1);
    expect(text.match(/^SLUICE_X: no column\.$/gm)).toHaveLength(1);
  });
});
