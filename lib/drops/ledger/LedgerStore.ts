import type { LedgerEntry, LedgerPlace } from './LedgerEntry.ts';

/** An entry and the ETag that a write on top of it must name. */
export interface StoredEntry {
  readonly entry: LedgerEntry;
  readonly eTag: string;
}

/** Where entries are kept. It decides nothing: {@link Ledger} does. Methods throw what the store throws. */
export interface LedgerStore {
  /** Null where there is none. */
  read(place: Pick<LedgerPlace, 'source' | 'dataset' | 'day'>): Promise<StoredEntry | null>;
  /**
   * Writes an entry where `expected` is still what is there (null: where nothing is).
   *
   * @returns the ETag; null when something else is there, which may be this very write, made by an earlier try.
   */
  write(entry: LedgerEntry, expected: string | null): Promise<string | null>;
}
