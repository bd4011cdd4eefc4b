import { type LedgerEntry, ledgerEntrySchema } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

export type { WriteFault } from '../../harness/MemoryObjects.ts';

const parse = (bytes: Buffer) => ledgerEntrySchema.parse(JSON.parse(bytes.toString()));

/** The ledger of one day in memory. */
export class FaultyStore extends MemoryObjects {
  /** Writes that replaced an entry which their writer had not seen. Must be 0. */
  lostUpdates = 0;
  readonly ledger = ledgerStore(this);

  get stored(): { readonly entry: LedgerEntry; readonly eTag: string } | null {
    for (const { bytes, eTag } of this.objects.values()) return { entry: parse(bytes), eTag };
    return null;
  }

  override onWrite = (before: Buffer | undefined, after: Buffer) => {
    const live = before === undefined ? undefined : parse(before).lease;
    const entry = parse(after);
    // A claim, renewal or settlement never replaces another's live claim.
    if (
      live !== undefined &&
      live.until > entry.updatedAt &&
      live.owner !== entry.lease?.owner &&
      entry.state !== 'succeeded'
    )
      this.lostUpdates += 1;
  };
}
