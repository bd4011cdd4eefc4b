import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { readDaysAround } from '../../../../lib/drops/usual/daysAround.ts';
import type { FileFate, LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { dayContent, ledgerEntry } from '../../../harness/ledgerEntry.ts';

const DAY = '2026-11-20';
const loaded = (day: string, out: number, other: Partial<LedgerEntry> = {}) =>
  ledgerEntry({ day, rows: { in: out, out, refused: 0 }, ...other });

describe('the days around a day', () => {
  const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
  /** Reads them of a ledger with some entries. Each file of another day is taken for a copy. */
  const around = (entries: readonly LedgerEntry[], after: readonly string[] = []) =>
    readDaysAround(
      { read: async ({ day }) => entries.find((entry) => entry.day === day) ?? null },
      place,
      after,
      (files) => files.map(({ key }) => ({ key: 'own', original: key, isSure: true })),
    );
  const comparedDays = async (entries: readonly LedgerEntry[]) =>
    (await around(entries)).before.map(({ day }) => day);
  const file = (key: string): FileFate => ({ key, size: 9, eTag: '"e"', fate: 'loaded' });

  it('are the last seven that are loaded, of its table, the newest first', async () => {
    const days = Array.from({ length: 9 }, (_, i) => loaded(addDays(DAY, -1 - i), 10));
    expect(await comparedDays(days.toReversed())).toEqual(days.slice(0, 7).map(({ day }) => day));
    const changes: readonly Partial<LedgerEntry>[] = [
      { table: 'former' },
      { state: 'failed' },
      { state: 'inputs_missing', missingSince: 1, content: dayContent() },
      // It is loaded again.
      { state: 'waiting', content: dayContent() },
    ];
    const odd = days.map((entry, i) => ({ ...entry, ...changes[i] }));
    expect(await comparedDays(odd)).toEqual(days.slice(3).map(({ day }) => day));
  });

  it('are those of the week before four weeks where these have none, which say nothing of usual rows', async () => {
    const months = [-30, -32, -35, -36].map((days) => loaded(addDays(DAY, days), 10));
    const found = await around(months);
    expect(found.before.map(({ day }) => day)).toEqual(['2026-10-21', '2026-10-19', '2026-10-16']);
    expect(found.usual).toBeNull();
    const recent = loaded(addDays(DAY, -28), 10);
    expect(await comparedDays([...months, recent])).toEqual(['2026-10-23']);
  });

  it('may have its files, also those after it, five of each at most', async () => {
    const many = Array.from({ length: 6 }, (_, i) => file(`1/${i}`));
    const entries = [
      loaded(addDays(DAY, -1), 10, { files: many }),
      loaded(addDays(DAY, 1), 10, { files: [file('3/a')] }),
      loaded(addDays(DAY, 2), 10, { files: [file('4/a')] }),
    ];
    const { copies } = await around(entries, [addDays(DAY, 1)]);
    expect(copies.map(({ original }) => original)).toEqual(['1/0', '1/1', '1/2', '1/3', '1/4', '3/a']);
  });
});
