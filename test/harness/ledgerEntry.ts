import type { CurationRun } from '../../lib/ledger/CuratedDay.ts';
import type { DayContent } from '../../lib/ledger/DayContent.ts';
import type { LoadInPieces } from '../../lib/ledger/dayRunSchema.ts';
import type { Settlement } from '../../lib/ledger/Ledger.ts';
import type { LedgerContent, LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';

/** How a load of no files and no rows succeeds, but for what differs. */
export const settlement = (more: Partial<Settlement> = {}): Settlement => ({
  state: 'succeeded',
  fingerprint: 'f',
  files: [],
  rows: { in: 0, out: 0, refused: 0 },
  bytes: 0,
  superseded: [],
  ...more,
});

/** A day of `acme_events` that was settled so at the first attempt, and has no version, but for what differs. */
export const ledgerEntry = (more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  source: 'acme',
  dataset: 'events',
  day: '2026-11-19',
  table: 'acme_events',
  ...settlement(),
  attempts: 1,
  updatedAt: 0,
  token: 't',
  ...more,
});

/** A day of curated exposures that waits for its first attempt, but for what differs. */
export const curatedEntry = (more: Partial<LedgerContent> = {}): LedgerContent => ({
  source: 'curated',
  dataset: 'exposures',
  day: '2026-11-16',
  table: 'curated_exposures',
  ...settlement(),
  state: 'waiting',
  fingerprint: null,
  attempts: 0,
  ...more,
});

/** A version that is made in one slice, of no files, and of which nothing is done, but for what differs. */
export const curationRun = (more: Partial<CurationRun> = {}): CurationRun => ({
  version: '20261122T000000000Z-00000000',
  fingerprint: 'f',
  shape: 's',
  inputs: [],
  bytes: 0,
  slices: 1,
  done: [],
  ...more,
});

/** What a hundred rows hold of no field, but for what differs. */
export const dayContent = (more: Partial<DayContent> = {}): DayContent => ({
  rows: 100,
  fields: {},
  otherDays: 0,
  copies: 0,
  unusual: [],
  ...more,
});

/** A load in three pieces of which one is done, but for what differs. */
export const loadRun = (more: Partial<LoadInPieces> = {}): LoadInPieces => ({
  version: 'v1',
  fingerprint: 'f1',
  shape: 's',
  reason: 'new',
  taskFingerprint: 'f1',
  plans: 1,
  startedAt: 0,
  pieces: 3,
  done: 1,
  rows: { in: 1, out: 1, refused: 0 },
  ...more,
});
