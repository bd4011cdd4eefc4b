import { describe, expect, it } from '@jest/globals';
import { dayText } from '../../cli/ingest/dayText.ts';
import type { FileFate, LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';

const CODE = 'SLUICE_INGEST_COLUMN_MISSING';
const sentence = (name: string) =>
  `A file does not have a column that the mapping names. ${name}, column "event_name".`;
const failed = (name: string): FileFate => ({
  ...{ key: `events/${name}`, size: 340, eTag: 'e', fate: 'failed' },
  reason: CODE,
  detail: sentence(name),
});

const failedDay = (files: FileFate[]): LedgerEntry => ({
  ...{ source: 'acme', dataset: 'events', table: 'acme_events', day: '2026-11-19', state: 'failed' },
  ...{ fingerprint: 'f', attempts: 1, rows: { in: 0, out: 0, refused: 0 }, rowsByDaysLate: {}, bytes: 0 },
  ...{ durations: {}, superseded: [], updatedAt: 0, token: 't', files },
  failure: { code: CODE, message: sentence('a.parquet') },
});

const times = (text: string, part: string) => text.split(part).length - 1;

describe('a failed day, explained', () => {
  it("has the error of the day's failure once, above the table", () => {
    const text = dayText(failedDay([failed('a.parquet')]));
    expect(times(text, sentence('a.parquet'))).toBe(1);
    expect(text.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^events/a\\.parquet +340 +failed +${CODE}$`),
    );
  });

  it('has the errors of other files below the table', () => {
    const text = dayText(failedDay([failed('a.parquet'), failed('b.parquet')]));
    expect(times(text, sentence('a.parquet'))).toBe(1);
    expect(text.endsWith(`\n\n${CODE}: ${sentence('b.parquet')}\n`)).toBe(true);
  });

  it('has the result of each other file in its row', () => {
    const gone: FileFate = { key: 'events/c.parquet', size: 1, eTag: 'e', fate: 'gone', detail: 'It went.' };
    expect(dayText(failedDay([gone]))).toMatch(/gone .* It went\.\n$/);
  });
});
