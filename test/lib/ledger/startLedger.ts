import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { settlement } from '../../harness/ledgerEntry.ts';
import { FaultyStore } from './FaultyStore.ts';

/** The day of a dataset that these tests are about. */
export const place = { source: 'acme', dataset: 'events', day: '2026-11-19', table: 'acme_events' };

/** A ledger over a store whose next calls may fail. `waits` are its pauses, in milliseconds. */
export function startLedger() {
  const clock = new ManualClock(1_000_000);
  const store = new FaultyStore();
  let tokens = 0;
  const newToken = () => {
    tokens += 1;
    return `token-${tokens}`;
  };
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
  };
  const ledger = new Ledger({ store: store.ledger, clock, newToken, wait, random: () => 0.5 });
  return { clock, store, ledger, waits };
}

/** What a load settles that has published a version. */
export const settled = (version: string) => settlement({ fingerprint: 'f1', version });
