import { describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import { Progress } from '../../../../lib/drops/load/Progress.ts';
import type { DayPlan } from '../../../../lib/drops/load/pieces.ts';
import { settledAt } from '../../../../lib/drops/load/skipReason.ts';
import { SourceError } from '../../../../lib/drops/SourceError.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { definedDataset } from '../../../harness/configInput.ts';
import { ledgerEntry, loadRun } from '../../../harness/ledgerEntry.ts';

const HERE = 's3://acme-drops/events/YYYY-MM-DD';

/** A load of a day that was claimed at 7 and begins at 9. */
function begun(entry: Partial<LedgerEntry> = {}) {
  const claim = { entry: ledgerEntry(entry), eTag: '"1"', owner: 'o', claimedAt: 7, until: 99 };
  const time = { now: 9 };
  const clock = { now: () => time.now };
  const progress = new Progress(claim, clock, { reason: 'new', fingerprint: 'f' }, HERE);
  return { progress, time, clock };
}

const times = ({ startedAt, listedAt }: Progress) => ({ startedAt, listedAt });

describe('a load', () => {
  const plan: DayPlan = {
    fingerprint: 'f',
    lastModified: null,
    leftOut: [],
    receivedAt: 1,
    listedAt: 2,
    reason: 'empty',
    isOfTask: true,
  };

  it('begins when it is claimed, and lists its files after that', () => {
    expect(times(begun().progress)).toEqual({ startedAt: 9, listedAt: 7 });
  });

  it('that goes on began, and listed its files, when it was planned', () => {
    const { progress } = begun();
    progress.resume(loadRun({ startedAt: 3 }), plan);
    expect(times(progress)).toEqual({ startedAt: 3, listedAt: 2 });
    expect(progress.reason).toBe('empty');
  });

  it('that begins anew does so now, without what it knew of its files', () => {
    const { progress, time } = begun();
    progress.problems.set('a', new SourceError('SLUICE_SOURCE_KEY_DENIED', 'a.'));
    time.now = 12;
    progress.restart();
    expect(times(progress)).toEqual({ startedAt: 12, listedAt: 12 });
    expect([...progress.problems.keys()]).toEqual([]);
  });
});

it('a day settles from when its file is missed, unless that is a file of another place', () => {
  const { source } = definedDataset({});
  const files = [{ key: 'old/a.parquet', size: 9, eTag: '"1"', fate: 'loaded' as const }];
  const file = { key: 'events/2026-11-19/b.parquet', size: 9, eTag: '"2"', lastModified: new Date(1) };
  const drop = makeDrop([file], 'events/2026-11-19/');
  const settled = (place?: string) => {
    const { progress, clock } = begun({ files, version: 'v1', ...(place === undefined ? {} : { place }) });
    return settledAt(
      { loader: { clock }, place: { source: { ...source, settleMinutes: 1 } }, progress },
      drop,
    );
  };
  expect(settled()).toBe(9 + MINUTE_MS);
  expect(settled('s3://acme-old/events/YYYY-MM-DD')).toBe(1 + MINUTE_MS);
});
