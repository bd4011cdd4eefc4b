import type { LedgerEntry, LedgerStore, StoredEntry } from '../../../../lib/drops/ledger/LedgerEntry.ts';

/**
 * What may become of a write. `lost_answer`: written, and the caller hears of a failure. `written_twice`: the client
 * sends it again by itself, and the second is refused. `conflict`: 409, nothing written. `away`: nothing written.
 */
export type WriteFault = 'lost_answer' | 'written_twice' | 'conflict' | 'away';

/** One entry in memory, with S3's conditional writes and the ways in which they go wrong. */
export class FaultyStore implements LedgerStore {
  stored: StoredEntry | null = null;
  /** Taken one for each write; null for none, as when there are no more. */
  faults: (WriteFault | null)[] = [];
  /** Writes that replaced an entry which their writer had not seen: there must be none. */
  lostUpdates = 0;
  #writes = 0;

  async read(): Promise<StoredEntry | null> {
    await Promise.resolve();
    return this.stored;
  }

  async write(entry: LedgerEntry, expected: string | null): Promise<string | null> {
    const fault = this.faults.shift() ?? null;
    await Promise.resolve();
    if (fault === 'away') throw new Error('away');
    if (fault === 'conflict') return null;
    if ((this.stored?.eTag ?? null) !== expected) return null;
    // A claim, renewal or settlement never replaces another's live claim.
    const live = this.stored?.entry.lease;
    if (
      live !== undefined &&
      live.until > entry.updatedAt &&
      live.owner !== entry.lease?.owner &&
      entry.state !== 'succeeded'
    )
      this.lostUpdates += 1;
    this.#writes += 1;
    this.stored = { entry, eTag: `"${this.#writes}"` };
    if (fault === 'lost_answer') throw new Error('lost');
    return fault === 'written_twice' ? null : this.stored.eTag;
  }
}
