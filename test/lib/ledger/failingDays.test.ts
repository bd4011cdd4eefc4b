import { describe, expect, it } from '@jest/globals';
import { isFailing } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';

describe('a day is failing', () => {
  const ENDED = { code: 'SLUICE_LOAD_DISK_FULL', message: 'made' };
  const OUT_OF_TIME = { code: 'SLUICE_LOAD_OUT_OF_TIME', message: 'made' };
  const FAILED_AT = 1_000;
  /** A day that failed first at that time, and was queued then and for that reason. */
  const again = (reason: string, queuedAt: number, failure = ENDED) =>
    ledgerEntry({
      state: 'waiting',
      failure,
      failingSince: FAILED_AT,
      queued: { fingerprint: 'f', reason, at: queuedAt },
    });

  it.each([
    { what: 'once it has failed', entry: ledgerEntry({ state: 'failed', failure: ENDED }) },
    { what: 'while its retry is queued', entry: again('retried', FAILED_AT + 1) },
    { what: 'while it is queued as a person asks', entry: again('asked', FAILED_AT + 1) },
    {
      what: 'while the retry of a day that ran out of time is queued',
      entry: again('retried', 0, OUT_OF_TIME),
    },
    { what: 'while other files of it are queued', entry: again('changed', FAILED_AT + 1) },
  ])('$what', ({ entry }) => expect(isFailing(entry)).toBe(true));

  it.each([
    { what: 'while its own task repeats it', entry: again('changed', FAILED_AT) },
    { what: 'while the next task goes on, as time was up', entry: again('new', FAILED_AT + 1, OUT_OF_TIME) },
    { what: 'before it is queued again', entry: ledgerEntry({ state: 'waiting', failure: ENDED }) },
    { what: 'without a failure', entry: ledgerEntry({ state: 'waiting' }) },
    { what: 'if nobody knows it', entry: null },
  ])('not $what', ({ entry }) => expect(isFailing(entry)).toBe(false));
});
