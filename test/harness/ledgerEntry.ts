import type { Settlement } from '../../lib/ledger/Ledger.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';

/** How a load of no files and no rows succeeds, but for what differs. */
export const settlement = (more: Partial<Settlement> = {}): Settlement => ({
  ...{ state: 'succeeded', fingerprint: 'f', files: [], rows: { in: 0, out: 0, refused: 0 } },
  ...{ bytes: 0, durations: {}, superseded: [] },
  ...more,
});

/** A day of `acme_events` that was settled so at the first attempt, and has no version, but for what differs. */
export const ledgerEntry = (more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...{ source: 'acme', dataset: 'events', day: '2026-11-19', table: 'acme_events' },
  ...settlement(),
  ...{ attempts: 1, updatedAt: 0, token: 't' },
  ...more,
});
