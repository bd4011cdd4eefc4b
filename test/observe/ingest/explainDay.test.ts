import { describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { explainEntry } from '../../../observe/ingest/explainDay.ts';
import { errorFamilies } from '../../harness/errorFamilies.ts';
import { dayContent, ledgerEntry, loadRun } from '../../harness/ledgerEntry.ts';

const families = await errorFamilies();
const codes = families.flatMap(({ entries }) => Object.keys(entries));
const TARGET = ['--stage', 'prod'];
const OF_DAY = '--source acme --dataset events';

/** The commands of a failure's cure and of what is next. */
function printed(more: Parameters<typeof ledgerEntry>[0], hasUnusualRows = false): string[] {
  const { next, failure } = explainEntry(ledgerEntry(more), { target: TARGET, hasUnusualRows });
  return [...`${failure?.cure} ${next}`.matchAll(/`((?:npx )?sluice [^`]+)`/g)].map(
    ([, command = '']) => command,
  );
}

describe('the next steps of a day', () => {
  it('name the dataset, the day and the deployment in each command, whatever failed', () => {
    const all = codes.flatMap((code) => printed({ state: 'failed', failure: { code, message: 'm.' } }));
    const ofDays = all.filter((command) => /sluice ingest (backfill|explain|accept)/.test(command));
    expect(ofDays.length).toBeGreaterThan(codes.length);
    for (const command of ofDays)
      expect(command).toMatch(
        /^npx sluice ingest [a-z ]+--source acme --dataset events --(from|day) 2026-11-19 --stage prod$/,
      );
    for (const command of all) expect(command).toMatch(/ --stage prod$|sluice (explain|init|start|test)\b/);
  });

  it('of one whose files are gone say how its rows stay, and what is set where files leave', () => {
    const gone = { state: 'inputs_missing', missingSince: 0 } as const;
    expect(printed(gone)).toEqual([`npx sluice ingest accept keep ${OF_DAY} --from 2026-11-19 --stage prod`]);
    expect(explainEntry(ledgerEntry(gone), { target: TARGET }).next).toContain('`filesLeave: true`');
  });

  it('of one that came without rows say what came, and what is usual', () => {
    const file = { key: 'a', size: 9, eTag: '"e"', fate: 'left_out', reason: 'no_rows' } as const;
    const entry = ledgerEntry({ state: 'succeeded_no_data', files: [file], usualRows: 1_000 });
    const { meaning } = explainEntry(entry, { target: TARGET });
    expect(meaning[0]).toContain('1 file, 0 rows');
    expect(meaning.at(-1)).toContain('1,000 rows');
    expect(printed(entry)).toEqual([
      `npx sluice ingest accept empty ${OF_DAY} --from 2026-11-19 --stage prod`,
    ]);
  });

  it('of one whose version has lost files load it again, also if it has failed or misses its inputs', () => {
    for (const state of ['succeeded', 'inputs_missing', 'failed'] as const) {
      const explained = explainEntry(ledgerEntry({ state, version: 'v1' }), {
        target: TARGET,
        lackingSince: 0,
      });
      expect(explained.next).toContain(`npx sluice ingest backfill ${OF_DAY} --from 2026-11-19`);
      expect(explained.served).toContain('what is left of version v1');
    }
  });

  const rows = { in: 9, out: 9, refused: 0 };
  const equal = ['a', 'b'].map((key) => ({ key, size: 9, eTag: '"e"', fate: 'loaded' as const }));

  it.each<{ readonly what: string; readonly more: Partial<LedgerEntry>; readonly hasUnusualRows: boolean }>([
    { what: 'equal files', more: { files: equal }, hasUnusualRows: false },
    {
      what: 'unusual content',
      more: { content: dayContent({ unusual: [{ kind: 'values', words: 'words' }] }) },
      hasUnusualRows: false,
    },
    { what: 'unusual rows', more: { usualRows: 1 }, hasUnusualRows: true },
  ])('of one with $what ask whether it is right, and say how to accept it', ({ more, hasUnusualRows }) => {
    const entry = ledgerEntry({ rows, version: 'v1', ...more });
    const { next } = explainEntry(entry, { target: TARGET, hasUnusualRows });
    expect(next).toMatch(/^Ask who delivers it .* corrected files are loaded\. /);
    expect(printed(entry, hasUnusualRows)).toEqual([
      `npx sluice ingest accept keep ${OF_DAY} --from 2026-11-19 --stage prod`,
    ]);
  });

  it('of one with refused and unusual rows are to read the former, and to ask about the latter', () => {
    const entry = ledgerEntry({ rows: { in: 9, out: 8, refused: 1 }, version: 'v1', usualRows: 1 });
    const { next } = explainEntry(entry, { target: TARGET, hasUnusualRows: true });
    expect(next).toMatch(/^Read the refused rows\. .* Ask who delivers it /);
    expect(printed(entry, true)).toEqual([
      `npx sluice ingest backfill ${OF_DAY} --from 2026-11-19 --stage prod`,
      `npx sluice ingest accept keep ${OF_DAY} --from 2026-11-19 --stage prod`,
    ]);
  });

  it('of one that failed are those of a failure, although its rows are unusual', () => {
    const { next } = explainEntry(ledgerEntry({ state: 'failed', files: equal }), { hasUnusualRows: true });
    expect(next).toMatch(/^The next run loads corrected files\./);
  });

  it('of one that is loaded, or waits for a load, are to wait, also if rows lack', () => {
    const queued = { fingerprint: 'f', at: 0 };
    for (const more of [
      { state: 'loading' as const },
      { state: 'waiting' as const, run: loadRun() },
      { state: 'waiting' as const, queued: { ...queued, reason: 'backfill' } },
    ]) {
      const { next } = explainEntry(ledgerEntry({ version: 'v1', ...more }), {
        target: TARGET,
        lackingSince: 0,
        hasNewer: true,
      });
      expect(next).toMatch(/^Wait\b/);
    }
  });

  it('of one that is loaded in pieces say how far it is, and since when', () => {
    const run = loadRun({ pieces: 16, done: 3, rows: { in: 1_200, out: 1_200, refused: 0 } });
    const [meaning] = explainEntry(ledgerEntry({ state: 'waiting', run })).meaning;
    for (const text of ['3 of 16', '1,200 rows', '1970-01-01T00:00:00']) expect(meaning).toContain(text);
  });
});

describe('what is said of a day', () => {
  const loaded = { key: 'a', size: 9, eTag: '"e"', fate: 'loaded' as const };
  const rows = { in: 40, out: 30, refused: 10 };

  it('has the reasons of its refused rows of all files, the most frequent first, and of what was left out', () => {
    const { refused, leftOut } = explainEntry(
      ledgerEntry({
        files: [
          { ...loaded, refusedBy: { SLUICE_LATER: 4, SLUICE_INGEST_ROW_NAME_MISSING: 3 } },
          { ...loaded, key: 'b', refusedBy: { SLUICE_INGEST_ROW_NAME_MISSING: 2 } },
          { key: 'c', size: 9, eTag: '"c"', fate: 'left_out', reason: 'empty' },
          { key: 'd', size: 9, eTag: '"d"', fate: 'left_out', reason: 'of_later' },
          { key: 'e/', size: 0, eTag: '"e"', fate: 'left_out', reason: 'marker' },
        ],
      }),
    );
    expect(refused.map(({ code, rows: count }) => [code, count])).toEqual([
      ['SLUICE_INGEST_ROW_NAME_MISSING', 5],
      ['SLUICE_LATER', 4],
    ]);
    expect(leftOut).toEqual({ empty: 'Zero bytes.', marker: expect.any(String) });
  });

  it.each<{
    readonly what: string;
    readonly entry: Partial<LedgerEntry>;
    readonly has: readonly string[];
  }>([
    {
      what: 'loaded files',
      entry: { files: [loaded, { ...loaded, fate: 'failed' }] },
      has: ['from 1 file.'],
    },
    {
      what: 'refused rows',
      entry: { rows: { in: 4_000, out: 2_800, refused: 1_200 } },
      has: ['from 0 files.', '1,200 of 4,000 rows went to quarantine.'],
    },
    {
      what: 'rows, and those of days that are near each other',
      entry: { rows: { in: 9, out: 9, refused: 0 }, usualSpread: { days: 12, least: 950, most: 1_050 } },
      has: ['from 0 files.', 'None of 9 rows was refused.', '12 days before had 950 to 1,050 rows.'],
    },
    {
      what: 'rows, and those that are usual',
      entry: { rows: { in: 9, out: 9, refused: 0 }, usualRows: 8 },
      has: ['from 0 files.', 'None of 9 rows was refused.', '8 rows.'],
    },
    {
      what: 'equal files of unusual content',
      entry: {
        files: ['a', 'b'].map((key) => ({ ...loaded, key })),
        rows: { in: 9, out: 9, refused: 0 },
        content: dayContent({ unusual: [{ kind: 'values', words: 'differs' }] }),
      },
      has: ['from 2 files.', 'None of 9 rows was refused.', 'equal', 'differs.'],
    },
    {
      what: 'rows whose files are gone',
      entry: { state: 'inputs_missing', missingSince: HOUR_MS, rows },
      has: ['T01:00:00'],
    },
    { what: 'rows, and loads', entry: { state: 'loading', rows, updatedAt: HOUR_MS }, has: ['T01:00:00'] },
    { what: 'a failed load', entry: { state: 'failed', attempts: 3 }, has: ['3 attempts'] },
    { what: 'a wait', entry: { state: 'waiting', updatedAt: HOUR_MS }, has: ['T01:00:00'] },
  ])('has a sentence each of $what', ({ entry, has }) => {
    const { meaning } = explainEntry(ledgerEntry(entry));
    expect(meaning).toEqual(has.map((text) => expect.stringContaining(text)));
  });

  it.each([
    { entry: {}, served: 'no rows of 2026-11-19' },
    { entry: { version: 'v1' }, served: 'read version v1' },
    { entry: { version: 'v1', state: 'failed' as const }, served: 'read the last good version v1' },
    { entry: { version: 'v1', missingSince: 0 }, served: 'read the last good version v1' },
  ])('says what queries read of $entry', ({ entry, served }) => {
    expect(explainEntry(ledgerEntry(entry)).served).toContain(served);
  });

  const sent = { fingerprint: 'f', at: HOUR_MS, reason: 'backfill' };
  it.each<{ readonly entry: Partial<LedgerEntry>; readonly says: RegExp }>([
    { entry: { queued: sent }, says: /requested at .*T01:00:00.*\(backfill\)/ },
    {
      entry: { queued: sent, attempts: 2, failure: { code: 'SLUICE_X', message: 'm' } },
      says: /interrupted.*attempts: 2/,
    },
  ])('says why a day waits with $entry', ({ entry, says }) => {
    expect(explainEntry(ledgerEntry({ state: 'waiting', ...entry })).meaning[0]).toMatch(says);
  });

  it('says of a load that was requested that its message is gone, and what loads the day', () => {
    const entry = ledgerEntry({ state: 'waiting', queued: sent });
    const [lost, asked] = [true, false].map((isLost) => explainEntry(entry, { target: TARGET, isLost }));
    expect(lost?.meaning).toHaveLength((asked?.meaning.length ?? 0) + 1);
    expect(lost?.next).toContain('`npx sluice ingest backfill ');
    expect(asked?.next).not.toContain('backfill');
  });

  it('has the sentence of lost files and of newer ones behind that of its state', () => {
    const known = { lackingSince: HOUR_MS, hasNewer: true };
    const { meaning, isLacking, hasNewer } = explainEntry(ledgerEntry({ version: 'v1' }), known);
    expect({ isLacking, hasNewer, count: meaning.length }).toEqual({
      isLacking: true,
      hasNewer: true,
      count: 3,
    });
    expect(meaning[1]).toContain('T01:00:00');
    expect(meaning[2]).toContain('newer files');
  });
});
