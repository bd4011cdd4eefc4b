import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../lib/base/time.ts';
import { settledEntry } from '../../../lib/curate/settledEntry.ts';
import type { CuratedDay } from '../../../lib/ledger/CuratedDay.ts';
import type { LedgerContent } from '../../../lib/ledger/LedgerEntry.ts';
import { curatedEntry, curationRun } from '../../harness/ledgerEntry.ts';

const NOW = Date.UTC(2026, 10, 22);
const BEFORE = Date.UTC(2026, 10, 20);
const VERSION = '20261121T000000000Z-00000000';
const A = { name: 'a.parquet', eTag: '"1"' };
const B = { name: 'b.parquet', eTag: '"1"' };
/** Kept rows that were noticed two days before. */
const noticed = { files: [A], rows: 3, since: BEFORE };

type Kept = NonNullable<CuratedDay['kept']>;

/** What the entry says of kept rows once a version is published that keeps `rows` of `lost` files. */
function keptOf(
  before: Kept | undefined,
  lost: Kept['files'],
  rows: number,
  more: Partial<LedgerContent> = {},
): Kept | undefined {
  const entry = curatedEntry({
    ...(before === undefined ? {} : { curated: { kept: before } }),
    ...more,
  });
  const run = curationRun({ kept: { version: VERSION, fingerprint: 'k', files: lost } });
  const account = { rawRows: 10, kept: rows, rows: 10 + rows, resends: 0, differing: 0 };
  const publication = { account, isMoved: true, replaced: undefined, listedAt: NOW, now: NOW };
  return settledEntry(entry, run, publication).curated?.kept;
}

it('a published version is named with its files, and those that it replaces with the ones of the last day', () => {
  const slice = { rawRows: 3, sliceRows: 1, kept: 0, rows: 1, resends: 0, differing: 0 };
  const entry = curatedEntry({
    version: 'v3',
    superseded: [
      { version: 'v1', at: NOW - DAY_MS },
      { version: 'v2', at: NOW - DAY_MS + 1 },
    ],
  });
  const run = curationRun({
    version: VERSION,
    inputs: [A],
    bytes: 7,
    slices: 2,
    done: [
      { ...slice, files: [{ name: 'a', bytes: 20 }] },
      { ...slice, files: [{ name: 'b', bytes: 3 }] },
    ],
  });
  const account = { rawRows: 3, kept: 0, rows: 2, resends: 1, differing: 0 };
  const publication = { account, isMoved: true, replaced: 'v3', listedAt: NOW, now: NOW };
  expect(settledEntry(entry, run, publication)).toMatchObject({
    state: 'succeeded',
    rows: { in: 3, out: 2, refused: 0 },
    bytes: 7,
    version: VERSION,
    filesWritten: ['a', 'b'],
    superseded: [
      { version: 'v2', at: NOW - DAY_MS + 1 },
      { version: 'v3', at: NOW },
    ],
    curated: { account, bytesWritten: 23, inputs: [A] },
  });
});

it('a day without rows has no version, and the ones before stay named', () => {
  const account = { rawRows: 0, kept: 0, rows: 0, resends: 0, differing: 0 };
  const entry = curatedEntry({ superseded: [{ version: 'v1', at: NOW - 1 }] });
  const publication = { account, isMoved: false, replaced: undefined, listedAt: NOW, now: NOW };
  const settled = settledEntry(entry, curationRun({ version: VERSION }), publication);
  expect(settled).toMatchObject({
    state: 'succeeded_no_data',
    rows: { in: 0, out: 0, refused: 0 },
    superseded: [{ version: 'v1', at: NOW - 1 }],
  });
  expect(settled.version).not.toBe(VERSION);
  expect(settled).not.toHaveProperty('filesWritten');
});

describe('the rows that a published version keeps', () => {
  it.each<{
    readonly what: string;
    readonly before?: Kept;
    readonly lost: Kept['files'];
    readonly rows: number;
    readonly after?: Kept;
  }>([
    {
      what: 'are noticed when a file is lost first',
      lost: [A],
      rows: 3,
      after: { files: [A], rows: 3, since: NOW },
    },
    {
      what: 'stay noticed, and accepted, while the same file is lost',
      before: { ...noticed, accepted: 'keep' },
      lost: [A],
      rows: 3,
      after: { ...noticed, accepted: 'keep' },
    },
    {
      what: 'are noticed anew when another file is lost with its rows',
      before: { ...noticed, accepted: 'keep' },
      lost: [A, B],
      rows: 5,
      after: { files: [A, B], rows: 5, since: NOW },
    },
    {
      what: 'stay noticed when another file is lost that adds no row',
      before: { ...noticed, accepted: 'keep' },
      lost: [A, B],
      rows: 3,
      after: { files: [A, B], rows: 3, since: BEFORE, accepted: 'keep' },
    },
    {
      what: 'stay noticed, and accepted, when one of their files is back',
      before: { ...noticed, files: [A, B], rows: 5, accepted: 'keep' },
      lost: [B],
      rows: 2,
      after: { files: [B], rows: 2, since: BEFORE, accepted: 'keep' },
    },
    {
      what: 'are noticed anew when another file is lost in place of theirs, with as many rows',
      before: { ...noticed, accepted: 'keep' },
      lost: [B],
      rows: 3,
      after: { files: [B], rows: 3, since: NOW },
    },
    {
      what: 'are noticed anew when another file is lost after they were dropped',
      before: { ...noticed, accepted: 'drop' },
      lost: [A, B],
      rows: 3,
      after: { files: [A, B], rows: 3, since: NOW },
    },
    {
      what: 'stay known as erased when more of them are lost',
      before: { ...noticed, erased: true },
      lost: [A, B],
      rows: 5,
      after: { files: [A, B], rows: 5, since: NOW, erased: true },
    },
    {
      what: 'are no longer named once none is kept',
      before: noticed,
      lost: [],
      rows: 0,
    },
  ])('$what', ({ before, lost, rows, after }) => {
    expect(keptOf(before, lost, rows)).toEqual(after);
  });

  it('are known as erased if an erasure has come since', () => {
    const erasures = [{ id: 'e', at: BEFORE, replaced: [] }];
    expect(keptOf(undefined, [A], 3, { erasures })).toEqual({
      files: [A],
      rows: 3,
      since: NOW,
      erased: true,
    });
  });
});
