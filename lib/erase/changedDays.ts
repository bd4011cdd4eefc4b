import type { UtcDay } from '../base/time.ts';
import { withoutValues } from '../ledger/DayContent.ts';
import { type ErasureNote, noteErasure } from '../ledger/erasureNotes.ts';
import { type Ledger, readKnown } from '../ledger/Ledger.ts';
import type { LedgerSubject } from '../ledger/LedgerEntry.ts';
import { versionSubject } from '../ledger/sweepVersions.ts';
import type { Config } from '../schema/config.ts';
import { forwardedKinds } from '../schema/kinds.ts';
import { curatedSubject, exportSubject, ledgerKey, parseLoadKey } from '../tables/ledgerKeys.ts';
import { parseIngestedKey, parseTableKey } from '../tables/tableFolders.ts';
import type { EraseBucket } from './EraseBucket.ts';
import { EraseError } from './EraseError.ts';

/** A day of a table, of which a file changes. */
interface ChangedDay {
  /** The table. */
  readonly table: string;
  /** The day, UTC. */
  readonly day: UtcDay;
}

/** Where an erasure notes the days that it changes. */
interface DayNotes {
  /** The ID of the erasure. */
  readonly id: string;
  /** The settings that name tables and folders, and say what is made of a table. */
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'curatedTables' | 'exports' | 'sources'>;
  /** The entries of days. */
  readonly ledger: Pick<Ledger, 'read' | 'change'>;
  /** The bucket, which has former versions of these entries. */
  readonly bucket: Pick<EraseBucket, 'versions' | 'remove'>;
}

/** The table and day of a file; null if the ledger has nothing that is made of it. */
export function changedDay(config: DayNotes['config'], key: string): ChangedDay | null {
  const raw = parseTableKey(config, key);
  if ('ignored' in raw) return parseIngestedKey(config, key);
  return raw.kind === 'quarantine' ? null : { table: config.tables[raw.kind], day: raw.day };
}

/**
 * Notes the erasure in the ledger's entries of what is made of a day. An entry that can't be read is left out: the
 * error is reported with its day.
 *
 * @param note When the day changes, and when the run ended, if it has; epoch milliseconds.
 * @param replaced The files that were replaced. Default none.
 * @throws EraseError SLUICE_ERASE_DENIED; LedgerError; what S3's client throws.
 */
export async function noteInLedger(
  notes: DayNotes,
  { table, day }: ChangedDay,
  note: { readonly at: number; readonly endedAt?: number },
  replaced: ErasureNote['replaced'] = [],
): Promise<void> {
  const { id, ledger, config } = notes;
  const places: readonly LedgerSubject[] = [
    ...forwardedKinds
      .filter((kind) => [config.tables[kind], config.curatedTables[kind]].includes(table))
      .map((kind) => curatedSubject(config, kind, day)),
    ...config.exports
      .filter((exported) => exported.table === table)
      .map((exported) => exportSubject(exported, day)),
  ];
  for (const subject of places) {
    const known = await readKnown(ledger, subject);
    if (known?.table !== subject.table) continue;
    await ledger.change(subject, (entry) => ({ entry: noteErasure(entry, { id, ...note }, replaced) }));
  }
  for (const { name, datasets } of config.sources)
    for (const dataset of datasets.filter((each) => each.table === table))
      await eraseValues(notes, { source: name, dataset: dataset.name, day, table });
}

/** The entry of a customer's day, and its former versions, may have values of its rows. */
async function eraseValues({ ledger, bucket }: DayNotes, drop: LedgerSubject): Promise<void> {
  if ((await readKnown(ledger, drop))?.content === undefined) return;
  await ledger.change(drop, (entry) => ({ entry: withoutValues(entry) }));
  const key = ledgerKey(drop.source, drop.dataset, drop.day);
  for (const version of await bucket.versions(key)) {
    const failure = version.isLatest ? null : await bucket.remove(version);
    if (failure !== null && failure !== 'changed')
      throw new EraseError('SLUICE_ERASE_DENIED', `${key}: ${failure.denied}`);
  }
}

/**
 * Whether the ledger says that the load in pieces of an object is under way, however long it lasts.
 *
 * @throws What S3's client throws.
 */
export async function isLoading(
  { config, ledger }: Pick<DayNotes, 'config' | 'ledger'>,
  key: string,
): Promise<boolean> {
  const load = parseLoadKey(key);
  const place = load === null ? null : versionSubject(config, load);
  const entry = place === null ? null : await readKnown(ledger, place);
  return entry?.run !== undefined && entry.run.version === load?.version;
}
