import { SluiceError } from '../../base/errors.ts';
import { failureFields } from '../../base/log.ts';
import { eachAttempt } from '../../base/retry.ts';
import { datasetReceiptFolder } from '../../schema/sources.ts';
import {
  parseReceiptNote,
  RECEIPT_CHANNELS,
  RECEIPT_NOTES,
  type ReceiptChannel,
  type ReceiptNote,
  receiptNoteKey,
} from '../../tables/ledgerKeys.ts';
import type { RefusedExample } from '../engine/Engine.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';
import { MOST_RECEIPTS, RECEIPT_GIVEN_UP_MS, RECEIPT_TRIES, RECEIPT_WITHIN_MS } from '../limits.ts';
import type { Loader, LoadRun } from '../load/Loader.ts';
import type { DropPlace } from '../load/publishVersion.ts';
import { makeReceipt, receiptKey } from './Receipt.ts';
import { ReceiptError, type ReceiptPorts } from './ReceiptPorts.ts';
import { webhookRequest } from './webhookRequest.ts';

/** What sends receipts. */
type Sender = Pick<Loader, 'landing' | 'clock' | 'wait' | 'random' | 'log' | 'receipts'>;

/** When to stop. */
type SendRun = Pick<LoadRun, 'deadline' | 'signal'>;

/** Where a source's receipts are sent to. */
export function receiptChannels({ source, dataset }: Pick<DropPlace, 'source' | 'dataset'>) {
  const to = { bucket: datasetReceiptFolder(source, dataset), webhook: source.receipt?.webhook };
  return RECEIPT_CHANNELS.filter((one) => to[one] != null);
}

/**
 * Notes that a receipt is to be sent, before the ledger has the load: a load that is killed afterwards is found by its note.
 * A receipt never fails a load.
 */
export async function noteReceipt(
  { landing, log }: Pick<Sender, 'landing' | 'log'>,
  place: DropPlace,
  id: string,
): Promise<ReceiptNote> {
  const { table } = place.dataset;
  const note = { table, day: place.day, id, to: receiptChannels(place), why: 'new' };
  await landing.putNote(receiptNoteKey(note)).catch((error: unknown) => {
    log({ level: 'error', event: 'ingest_receipt_note', ...taskFields(place), ...failureFields(error) });
  });
  return note;
}

/**
 * Sends the receipt of a settled load to where its note says, a few times, and notes what is left. It never throws.
 *
 * @param entry Of the load, or a later one of its day that has the receipt of that load.
 * @returns Where it could not be sent to.
 */
export async function sendReceipt(
  sender: Sender,
  run: SendRun,
  place: DropPlace,
  entry: LedgerEntry,
  note: ReceiptNote,
  { examples = [], tries = RECEIPT_TRIES, stopped = [] }: SendOptions = {},
): Promise<readonly ReceiptChannel[]> {
  const { receipts, log } = sender;
  const { receipt } = entry;
  if (receipts === undefined || receipt === undefined) return [];
  const failed: ReceiptChannel[] = [];
  let failure: SluiceError | null = null;
  const configured = receiptChannels(place).filter((one) => note.to.includes(one));
  const wanted = configured.filter((one) => !stopped.includes(one));
  for (const channel of wanted) {
    const problem = await tryChannel({ ...sender, receipts }, run, place, entry, channel, {
      examples,
      tries,
    });
    if (problem === null) continue;
    failed.push(channel);
    failure = problem;
  }
  const about = { ...taskFields(place), id: receipt.id };
  const written = wanted.filter((one) => !failed.includes(one));
  const left = configured.filter((one) => !written.includes(one));
  const isGivenUp = left.length > 0 && isTooOld(sender, receipt);
  const code = failure?.code ?? note.why;
  const isFailed = failure !== null || isGivenUp;
  log({
    level: isFailed ? 'error' : 'info',
    event: 'ingest_receipt',
    ...about,
    ...(written.length > 0 ? { written } : {}),
    ...(left.length > 0 ? { left } : {}),
    ...(isFailed ? { failed: isGivenUp ? left.length : failed.length, code, detail: failure?.message } : {}),
    ...(isGivenUp ? { given_up: new ReceiptError('SLUICE_RECEIPT_GIVEN_UP').code } : {}),
  });
  await moveNote(sender, place, note, isGivenUp ? [] : left, code);
  return failed;
}

function isTooOld(
  { clock }: Pick<Sender, 'clock'>,
  { finishedAt }: NonNullable<LedgerEntry['receipt']>,
): boolean {
  return clock.now() - finishedAt > RECEIPT_GIVEN_UP_MS;
}

interface SendOptions {
  /** Refused rows, for the customer's bucket. Default none. */
  readonly examples?: readonly RefusedExample[];
  /** Of a webhook. Default {@link RECEIPT_TRIES}. */
  readonly tries?: number;
  /** Where it is not sent to, as another receipt just failed there. Default none. */
  readonly stopped?: readonly ReceiptChannel[];
}

/** Replaces a note by what is left; none if nothing is. */
async function moveNote(
  { landing, log }: Sender,
  place: DropPlace,
  note: ReceiptNote,
  to: readonly ReceiptChannel[],
  why: string,
): Promise<void> {
  const [before, after] = [receiptNoteKey(note), receiptNoteKey({ ...note, to, why })];
  try {
    if (to.length > 0 && after === before) return;
    if (to.length > 0) await landing.putNote(after);
    await landing.remove([before]);
  } catch (error) {
    // It is then sent again, with the same ID.
    log({ level: 'error', event: 'ingest_receipt_note', ...taskFields(place), ...failureFields(error) });
  }
}

function taskFields({ source, dataset, day }: DropPlace) {
  return { source: source.name, dataset: dataset.name, day };
}

/** Why a channel did not take a receipt; null if it did. */
async function tryChannel(
  sender: Sender & { readonly receipts: ReceiptPorts },
  { deadline, signal }: SendRun,
  place: DropPlace,
  entry: LedgerEntry,
  channel: ReceiptChannel,
  { examples, tries }: Required<Omit<SendOptions, 'stopped'>>,
): Promise<SluiceError | null> {
  const { clock, wait, random } = sender;
  const until = { clock, deadline: Math.min(deadline, clock.now() + RECEIPT_WITHIN_MS) };
  let failure: SluiceError = new ReceiptError(
    channel === 'bucket' ? 'SLUICE_RECEIPT_BUCKET_FAILED' : 'SLUICE_RECEIPT_WEBHOOK_FAILED',
    'No time was left for it.',
  );
  // Of the bucket, its client tries again by itself.
  const most = channel === 'bucket' ? 1 : tries;
  try {
    for await (const _ of eachAttempt({ tries: most, ...RECEIPT_BACKOFF, until, signal, wait, random })) {
      const failed = await (channel === 'bucket' ? write : post)(sender, place, entry, examples);
      if (failed === null) return null;
      failure = failed;
      if (failed.code !== 'SLUICE_RECEIPT_WEBHOOK_FAILED') break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return failure;
}

const RECEIPT_BACKOFF = { baseMs: 1_000, capMs: 5_000 } as const;

async function write(
  { receipts }: { readonly receipts: ReceiptPorts },
  place: DropPlace,
  entry: LedgerEntry,
  examples: readonly RefusedExample[],
): Promise<SluiceError | null> {
  const { receipt } = entry;
  const key = receipt === undefined ? null : receiptKey(place, receipt);
  if (receipt === undefined || key === null) return null;
  const text = `${JSON.stringify(makeReceipt(entry, receipt, examples), null, 2)}\n`;
  try {
    await receipts.put(place, key, text);
    return null;
  } catch (error) {
    return toReceiptError('SLUICE_RECEIPT_BUCKET_FAILED', error);
  }
}

/** Statuses after which the same request may be taken. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

async function post(
  { receipts, clock }: { readonly receipts: ReceiptPorts } & Pick<Sender, 'clock'>,
  { source }: DropPlace,
  entry: LedgerEntry,
): Promise<SluiceError | null> {
  const { receipt } = entry;
  const webhook = source.receipt?.webhook;
  if (receipt === undefined || webhook === undefined) return null;
  // Rows stay between the bucket and us.
  const text = JSON.stringify(makeReceipt(entry, receipt));
  try {
    const { status } = await receipts.post(webhookRequest(webhook, receipt.id, text, clock.now()));
    if (status >= 200 && status < 300) return null;
    if (status >= 300 && status < 400)
      return new ReceiptError('SLUICE_RECEIPT_WEBHOOK_REDIRECTS', `${status}.`);
    const isRefused = status >= 400 && status < 500 && !LATER.has(status);
    return new ReceiptError(
      isRefused ? 'SLUICE_RECEIPT_WEBHOOK_REFUSED' : 'SLUICE_RECEIPT_WEBHOOK_FAILED',
      `${status}.`,
    );
  } catch (error) {
    return toReceiptError('SLUICE_RECEIPT_WEBHOOK_FAILED', error);
  }
}

/** Only the name of a foreign error is kept: its message may quote an address with a token. */
function toReceiptError(code: keyof typeof ReceiptError.entries, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const name = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'Error';
  return new ReceiptError(code, `${name}.`, { cause: error });
}

/**
 * Sends receipts again that were not sent everywhere, once each. Where one fails, the source's others wait for the next run. So
 * that it is not the same one that the others wait for each time, a run begins at any of them. What fails otherwise is logged.
 *
 * @param placeOf The dataset and day of a note; null if the dataset is gone: then the note is removed.
 * @param scoped Runs work with the rights of one dataset alone.
 * @throws What the bucket throws when the notes can't be listed.
 */
export async function resendReceipts(
  sender: Sender & Pick<Loader, 'ledger'>,
  run: SendRun,
  placeOf: (note: ReceiptNote) => DropPlace | null,
  scoped: (place: DropPlace, work: (scoped: Sender) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { clock, random, log } = sender;
  const keys = await listNotes(sender, run);
  const first = Math.floor(random() * keys.length);
  const stopped = new Map<string, readonly ReceiptChannel[]>();
  let tried = 0;
  for (const key of [...keys.slice(first), ...keys.slice(0, first)]) {
    if (tried >= MOST_RECEIPTS || clock.now() >= run.deadline || run.signal.aborted) return;
    try {
      const due = await dueNote(sender, key, placeOf);
      if (due === null) continue;
      const { place, entry, receipt, note } = due;
      const { name } = place.source;
      const before = stopped.get(name) ?? [];
      const isStopped = note.to.every((one) => before.includes(one));
      if (isStopped && !isTooOld(sender, receipt)) continue;
      tried += 1;
      await scoped(place, async (own) => {
        const failed = await sendReceipt(own, run, place, entry, note, { tries: 1, stopped: before });
        stopped.set(name, [...before, ...failed]);
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

/** What a note is about; null if its receipt is not to be sent now. A note that nothing needs any more is removed. */
async function dueNote(
  { landing, clock, ledger }: Pick<Loader, 'landing' | 'clock' | 'ledger'>,
  key: string,
  placeOf: (note: ReceiptNote) => DropPlace | null,
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

function placeKey({ source, dataset, day }: DropPlace) {
  return { source: source.name, dataset: dataset.name, day };
}
