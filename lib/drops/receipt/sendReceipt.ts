import { SluiceError } from '../../base/errors.ts';
import { failureFields } from '../../base/log.ts';
import type { LedgerEntry } from '../../ledger/LedgerEntry.ts';
import {
  parseReceiptNote,
  RECEIPT_NOTES,
  type ReceiptNote,
  receiptNoteKey,
} from '../../tables/ledgerKeys.ts';
import type { RefusedExample } from '../engine/Engine.ts';
import { MOST_RECEIPTS, RECEIPT_GIVEN_UP_MS } from '../limits.ts';
import type { Loader, LoadRun } from '../load/Loader.ts';
import type { DropDay } from '../load/publishVersion.ts';
import { makeReceipt, receiptKey } from './Receipt.ts';
import { ReceiptError, type ReceiptPorts } from './ReceiptPorts.ts';

/** Dependencies of sending receipts. */
type Sender = Pick<Loader, 'landing' | 'clock' | 'random' | 'log' | 'receipts'>;

/** When to stop. */
type SendRun = Pick<LoadRun, 'deadline' | 'signal'>;

/**
 * Notes that a receipt is to be sent, before the ledger has the load: a load that is killed afterwards is found by its note.
 * A receipt never fails a load.
 */
export async function noteReceipt(
  { landing, log }: Pick<Sender, 'landing' | 'log'>,
  place: DropDay,
  id: string,
): Promise<ReceiptNote> {
  const { table } = place.dataset;
  const note = { table, day: place.day, id, why: 'new' };
  await landing.putNote(receiptNoteKey(note)).catch((error: unknown) => {
    log({ level: 'error', event: 'ingest_receipt_note', ...taskFields(place), ...failureFields(error) });
  });
  return note;
}

/**
 * Writes the receipt of a settled load into the customer's bucket, and removes its note, or notes why it failed. It never
 * throws.
 *
 * @param entry Of the load, or a later one of its day that has the receipt of that load.
 * @param options.examples Refused rows. Default none.
 * @param options.isStopped Only gives up a receipt that is too old, as another one of the source just failed. Default false.
 * @returns Whether it was written.
 */
export async function sendReceipt(
  sender: Sender,
  run: SendRun,
  place: DropDay,
  entry: LedgerEntry,
  note: ReceiptNote,
  options: { readonly examples?: readonly RefusedExample[]; readonly isStopped?: boolean } = {},
): Promise<boolean> {
  const { receipts, log } = sender;
  const { receipt } = entry;
  if (receipts === undefined || receipt === undefined) return true;
  const { examples = [], isStopped = false } = options;
  const failure = isStopped ? null : await write({ ...sender, receipts }, run, place, entry, examples);
  const isWritten = failure === null && !isStopped;
  const isGivenUp = !isWritten && isTooOld(sender, receipt);
  const code = failure?.code ?? note.why;
  log({
    level: isWritten ? 'info' : 'error',
    event: 'ingest_receipt',
    ...{ ...taskFields(place), id: receipt.id },
    ...(isWritten ? {} : { failed: 1, code, detail: failure?.message }),
    ...(isGivenUp ? { given_up: new ReceiptError('SLUICE_RECEIPT_GIVEN_UP').code } : {}),
  });
  await moveNote(sender, place, note, isWritten || isGivenUp ? null : code);
  return isWritten;
}

function isTooOld(
  { clock }: Pick<Sender, 'clock'>,
  { finishedAt }: NonNullable<LedgerEntry['receipt']>,
): boolean {
  return clock.now() - finishedAt > RECEIPT_GIVEN_UP_MS;
}

/** Replaces a note by one with another reason; null removes it. */
async function moveNote(
  { landing, log }: Sender,
  place: DropDay,
  note: ReceiptNote,
  why: string | null,
): Promise<void> {
  const [before, after] = [receiptNoteKey(note), why === null ? null : receiptNoteKey({ ...note, why })];
  try {
    if (after === before) return;
    if (after !== null) await landing.putNote(after);
    await landing.remove([before]);
  } catch (error) {
    // It is then written again, with the same ID.
    log({ level: 'error', event: 'ingest_receipt_note', ...taskFields(place), ...failureFields(error) });
  }
}

function taskFields({ source, dataset, day }: DropDay) {
  return { source: source.name, dataset: dataset.name, day };
}

/** Why the bucket did not take a receipt; null if it did. Only its client tries again. */
async function write(
  { receipts, clock }: Pick<Sender, 'clock'> & { readonly receipts: ReceiptPorts },
  { deadline, signal }: SendRun,
  place: DropDay,
  entry: LedgerEntry,
  examples: readonly RefusedExample[],
): Promise<SluiceError | null> {
  const { receipt } = entry;
  const key = receipt === undefined ? null : receiptKey(place, receipt);
  if (receipt === undefined || key === null) return null;
  if (clock.now() > deadline || signal.aborted)
    return new ReceiptError('SLUICE_RECEIPT_BUCKET_FAILED', 'No time was left for it.');
  const text = `${JSON.stringify(makeReceipt(entry, receipt, examples), null, 2)}\n`;
  try {
    await receipts.put(place, key, text);
    return null;
  } catch (error) {
    return toReceiptError(error);
  }
}

/** Only the name of a foreign error is kept. */
function toReceiptError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const name = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'Error';
  return new ReceiptError('SLUICE_RECEIPT_BUCKET_FAILED', `${name}.`, { cause: error });
}

/**
 * Sends receipts again that were not written, once each. Where one fails, the source's others wait for the next run. So
 * that it is not the same one that the others wait for each time, a run begins at any of them. What fails otherwise is logged.
 *
 * @param placeOf The dataset and day of a note; null if the dataset is gone: then the note is removed.
 * @param scoped Runs work with the rights of one dataset alone.
 * @throws What the bucket throws when the notes can't be listed.
 */
export async function resendReceipts(
  sender: Sender & Pick<Loader, 'ledger'>,
  run: SendRun,
  placeOf: (note: ReceiptNote) => DropDay | null,
  scoped: (place: DropDay, work: (scoped: Sender) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { clock, random, log } = sender;
  const keys = await listNotes(sender, run);
  const first = Math.floor(random() * keys.length);
  const stopped = new Set<string>();
  let tried = 0;
  for (const key of [...keys.slice(first), ...keys.slice(0, first)]) {
    if (tried >= MOST_RECEIPTS || clock.now() >= run.deadline || run.signal.aborted) return;
    try {
      const due = await dueNote(sender, key, placeOf);
      if (due === null) continue;
      const { place, entry, receipt, note } = due;
      const { name } = place.source;
      const isStopped = stopped.has(name);
      if (isStopped && !isTooOld(sender, receipt)) continue;
      tried += 1;
      await scoped(place, async (own) => {
        if (!(await sendReceipt(own, run, place, entry, note, { isStopped }))) stopped.add(name);
      });
    } catch (error) {
      // A role that one customer's receipt can't be sent with, or an entry that can't be read, holds no other receipt up.
      const { table, day } = parseReceiptNote(key) ?? {};
      log({ level: 'error', event: 'ingest_receipt', table, day, failed: 1, ...failureFields(error) });
    }
  }
}

/** Keys of all notes, as far as the time allows. */
async function listNotes(
  { landing, clock }: Pick<Sender, 'landing' | 'clock'>,
  { deadline, signal }: SendRun,
): Promise<readonly string[]> {
  const keys: string[] = [];
  let after: string | undefined = RECEIPT_NOTES;
  while (after !== undefined && clock.now() < deadline && !signal.aborted) {
    const page: readonly string[] = await landing.list(RECEIPT_NOTES, after);
    keys.push(...page);
    after = page.at(-1);
  }
  return keys;
}

/** Reads what a note is about; null if its receipt is not to be sent now. Removes a note that is no longer needed. */
async function dueNote(
  { landing, clock, ledger }: Pick<Loader, 'landing' | 'clock' | 'ledger'>,
  key: string,
  placeOf: (note: ReceiptNote) => DropDay | null,
) {
  const note = parseReceiptNote(key);
  if (note === null) return null;
  const place = placeOf(note);
  const entry = place === null ? null : await ledger.read(placeKey(place));
  // A load that is under way has noted it, and is about to settle.
  if (entry?.lease !== undefined && entry.lease.until > clock.now()) return null;
  if (place === null || entry?.receipt?.id !== note.id) {
    // A later load has a receipt of its own.
    await landing.remove([key]);
    return null;
  }
  return { note, place, entry, receipt: entry.receipt };
}

function placeKey({ source, dataset, day }: DropDay) {
  return { source: source.name, dataset: dataset.name, day };
}
