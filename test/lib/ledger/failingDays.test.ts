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
    ['once it has failed', ledgerEntry({ state: 'failed', failure: ENDED })],
    ['while its retry is queued', again('retried', FAILED_AT + 1)],
    ['while it is queued as a person asks', again('asked', FAILED_AT + 1)],
    ['while the retry of a day that ran out of time is queued', again('retried', 0, OUT_OF_TIME)],
    ['while other files of it are queued', again('changed', FAILED_AT + 1)],
  ])('%s', (_title, entry) => expect(isFailing(entry)).toBe(true));

  it.each([
    ['while its own task repeats it', again('changed', FAILED_AT)],
    ['while the next task goes on, as time was up', again('new', FAILED_AT + 1, OUT_OF_TIME)],
    ['before it is queued again', ledgerEntry({ state: 'waiting', failure: ENDED })],
    ['without a failure', ledgerEntry({ state: 'waiting' })],
    ['if nobody knows it', null],
  ])('not %s', (_title, entry) => expect(isFailing(entry)).toBe(false));
});
