import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { counted } from '../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import { dropPlace } from '../../lib/drops/datasetFolder.ts';
import { movedFrom } from '../../lib/drops/lastLoad.ts';
import { isLeftOutReason, leftOutReasons } from '../../lib/drops/leftOut.ts';
import { RETRY_AFTER_MS } from '../../lib/drops/limits.ts';
import { lastListings } from '../../lib/drops/plan/lastListings.ts';
import { newerDays } from '../../lib/drops/plan/newerFiles.ts';
import { isMarkerReason, isSent, lackWords, markerReason } from '../../lib/drops/plan/waitingReason.ts';
import { contentWords } from '../../lib/drops/usual/usualContent.ts';
import { emptyWords } from '../../lib/drops/usual/usualRows.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import { lackingSince } from '../../lib/ledger/versionFiles.ts';
import { refusedRowsStem } from '../../lib/tables/tableFolders.ts';
import { sluiceCommand, targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import { type ExplainedCode, explainStoredCode } from '../explainCode.ts';
import { equalFilesWords } from '../facts/days/drops/equalFiles.ts';
import { unusualRowsWords, withDueHours } from '../facts/days/drops/unusualDays.ts';
import { type ConfiguredDataset, readVersionFiles, requestedAt } from '../facts/days/ledgerDays.ts';
import { hasNoTask, isCounted } from '../facts/lostTasks.ts';
import { listQuarantined, type QuarantinedPage } from '../facts/tables/listQuarantined.ts';
import { deploymentOptions } from '../target.ts';
import { DropsError, namedDatasets } from './datasets.ts';

/** A failure with what it means and what to do. */
interface ExplainedFailure extends ExplainedCode {
  /** The cause with its details: the file, the column. */
  readonly message: string;
}

/** A reason for which rows were refused. */
interface RefusedReason extends ExplainedCode {
  /** Number of refused rows. */
  readonly rows: number;
}

/** The meaning of a ledger entry, in words. */
export interface DayExplanation {
  /** Whether the version that queries read lacks files. */
  readonly isLacking: boolean;
  /** Whether its folder has newer files than were loaded, which no run looks at. */
  readonly hasNewer: boolean;
  /** Past events, a sentence each. */
  readonly meaning: readonly string[];
  /** The data of the day that queries read, in a sentence. */
  readonly served: string;
  /** The next steps, automatic or to be done; of a day that failed, after the cure of its failure. */
  readonly next: string;
  /** The failure of the day; null without one. */
  readonly failure: ExplainedFailure | null;
  /** Refused rows by reason, the most frequent first. */
  readonly refused: readonly RefusedReason[];
  /** The meaning of each reason for which files were left out, by reason. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** A day of a dataset: its entry in the ledger, and what that means. */
export interface ExplainedDay extends LedgerEntry {
  /** What the entry means. */
  readonly explanation: DayExplanation;
}

/** What is known of a day, and its entry in the ledger does not have. */
interface KnownOfDay {
  /** Options that name the deployment in commands, as `sluiceCommand` takes them. Default: none. */
  readonly target?: readonly string[];
  /** Since when its version lacks files, epoch milliseconds; null if it has all. Default null. */
  readonly lackingSince?: number | null;
  /** Whether its folder has newer files than were loaded, and no run looks at them. Default false. */
  readonly hasNewer?: boolean;
  /** Whether its load was requested, and the message of it is gone. Default false. */
  readonly isLost?: boolean;
  /** Whether it is over and has many more or fewer rows than usual. Default false. */
  readonly hasUnusualRows?: boolean;
}

/** A day of a dataset, by names of the configuration. */
interface NamedDay {
  /** Name of the source. */
  readonly source: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** The day of its folder, UTC. */
  readonly day: UtcDay;
}

/**
 * Explains a day of a dataset.
 *
 * @throws DropsError SLUICE_INGEST_NO_SOURCES, SLUICE_INGEST_DAY_UNKNOWN; LedgerError; what S3's client throws.
 */
export async function explainDay(
  deployment: Pick<Deployment, 's3' | 'sqs' | 'config' | 'stack' | 'aws' | 'isLocal' | 'now'>,
  named: NamedDay,
): Promise<ExplainedDay> {
  const { s3, config, now } = deployment;
  const { entry, eTag, source, dataset } = await readEntry(deployment, named);
  const store = s3ObjectStore(s3, config.bucket);
  const listing = await lastListings(store).read(source.name, dataset.name);
  const newer = newerDays(listing?.newer, (day) => (day === named.day ? eTag : undefined), now);
  const seenAt = Math.min(now, listing?.at ?? now);
  const explanation = explainEntry(withDueHours(entry, dataset, seenAt), {
    target: deploymentOptions(deployment),
    lackingSince: lackingSince(await readVersionFiles(store, source.name, dataset.name), entry),
    hasNewer: newer.length > 0,
    // What the ledger says stands, also where the queue cannot be read: `status` tells of that.
    isLost: isCounted(requestedAt(entry), now) && (await hasNoTask(deployment).catch(() => false)),
    hasUnusualRows: unusualRowsWords(entry, dataset, seenAt) !== null,
  });
  const place = movedFrom(entry, dropPlace(source, dataset));
  if (place === null) return { ...entry, explanation };
  const meaning = [...explanation.meaning, `It was loaded from ${place}, where its dataset was before.`];
  return { ...entry, explanation: { ...explanation, meaning } };
}

/** The entry of a day, and the dataset that it is of. */
interface StoredDay extends ConfiguredDataset {
  /** The entry. */
  readonly entry: LedgerEntry;
  /** The ETag of the entry's object. */
  readonly eTag: string;
}

/** Reads the entry of a day. @throws As {@link explainDay}. */
async function readEntry(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  { day, ...names }: NamedDay,
): Promise<StoredDay> {
  const [{ source, dataset }] = namedDatasets(config, names);
  const ledger = ledgerStore(s3ObjectStore(s3, config.bucket));
  const stored = await ledger.read({ source: source.name, dataset: dataset.name, day });
  if (stored === null)
    throw new DropsError('SLUICE_INGEST_DAY_UNKNOWN', `${source.name}/${dataset.name} ${day}.`);
  return { ...stored, source, dataset };
}

/** Explains an entry of the ledger of a dataset. @param known What else is known of its day. Default nothing. */
export function explainEntry(entry: LedgerEntry, known: KnownOfDay = {}): DayExplanation {
  const { target = [], lackingSince: lostSince = null, hasNewer = false } = known;
  const { failure } = entry;
  const ofDay = (text: string) => targetCommands(dayCommands(text, entry), target);
  const code = failure === undefined ? null : explainStoredCode(failure.code);
  const explained =
    failure === undefined || code === null
      ? null
      : { ...code, message: failure.message, cure: ofDay(code.cure) };
  const { meaning, next } = explainState(entry);
  const meanings = [meaning];
  if (lostSince !== null)
    meanings.push(
      `Files of this version have been gone or archived since ${isoTimestamp(lostSince)}: queries miss their rows.`,
    );
  if (hasNewer)
    meanings.push(
      'Its folder has newer files than were loaded. It is before the lookback: no run looks at them.',
    );
  if (known.isLost === true)
    meanings.push('No queue has a message of it any more: somebody deleted it, for example with PurgeQueue.');
  return {
    isLacking: lostSince !== null,
    hasNewer,
    meaning: [...meanings, ...rowMeanings(entry)],
    served: servedWords(entry, lostSince !== null),
    next: ofDay(nextStep(entry, next, known)),
    failure: explained,
    refused: refusedReasons(entry),
    leftOut: leftOutMeanings(entry),
  };
}

/** Which rows queries read of the day, in a sentence. @param isLacking Whether files of the version are gone. */
function servedWords({ version, day, table, state, missingSince }: LedgerEntry, isLacking: boolean): string {
  if (version === undefined) return `Queries read no rows of ${day} in ${table}.`;
  const isOld = state === 'failed' || missingSince !== undefined;
  const wholePart = isOld ? 'the last good ' : '';
  const part = isLacking ? 'what is left of ' : wholePart;
  return `Queries read ${part}version ${version} of ${day} in ${table}.`;
}

/** The next step of a day. @param usual That of its state. */
function nextStep(entry: LedgerEntry, usual: string, known: KnownOfDay): string {
  if (isUnderWay(entry) && known.isLost !== true) return usual;
  const again = 'Load the day again: `sluice ingest backfill`.';
  if (known.lackingSince != null)
    return `${again} If its folder has no files any more, bring versions back: docs/platform.md, "Restore".`;
  if (known.hasNewer === true || known.isLost === true) return again;
  const isUnusual =
    known.hasUnusualRows === true || equalFilesWords(entry) !== null || contentWords(entry) !== null;
  if (entry.state !== 'succeeded' || !isUnusual) return usual;
  const ask =
    'Ask who delivers it whether that is right: corrected files are loaded. If it is right: `sluice ingest accept keep`.';
  return entry.rows.refused > 0 ? `${usual} ${ask}` : ask;
}

/** Whether a load of the day goes on, or comes by itself. */
function isUnderWay({ state, run, queued }: LedgerEntry): boolean {
  if (run !== undefined || state === 'loading') return true;
  return state === 'waiting' && (queued === undefined || !isMarkerReason(queued.reason));
}

/** Gives commands about a day of a dataset between backquotes this day, unless they name one. */
function dayCommands(text: string, { source, dataset, day }: LedgerEntry): string {
  const options = ['--source', source, '--dataset', dataset];
  return text.replace(
    /`sluice ingest (backfill|explain|accept keep|accept empty)`/g,
    (_, action: string) =>
      `\`${sluiceCommand([], ['ingest', ...action.split(' '), ...options, action === 'explain' ? '--day' : '--from', day])}\``,
  );
}

/** How far a load in pieces is, in words; null of a day that has none. */
export function pieceWords({ run }: Pick<LedgerEntry, 'run'>): string | null {
  if (run === undefined) return null;
  const { done, pieces, rows, startedAt } = run;
  const since = isoTimestamp(startedAt);
  return `has been loaded in pieces since ${since}: ${done} of ${pieces} are done, with ${counted(rows.in, 'row')}`;
}

/** What a state means. */
interface StateText {
  /** What happened. */
  readonly meaning: string;
  /** What is next. */
  readonly next: string;
}

/** The state of a day, in sentences. */
function explainState(entry: LedgerEntry): StateText {
  const pieces = pieceWords(entry);
  if (pieces !== null)
    return {
      meaning: `The day ${pieces}.`,
      next: 'Wait. `memorySize` of `ingest-load` makes each piece faster.',
    };
  const { state, updatedAt, attempts, missingSince = updatedAt } = entry;
  const updated = isoTimestamp(updatedAt);
  switch (state) {
    case 'succeeded':
      return explainLoaded(entry, updated);
    case 'succeeded_no_data':
      return explainEmpty(entry, updated);
    case 'inputs_missing':
      return {
        meaning: `None of the day's files has had rows since ${isoTimestamp(missingSince)}: they are gone, not committed, or without rows.`,
        next: 'Ask who delivers it: files that come are loaded. If the rows are to stay without them: `sluice ingest accept keep`; where files always leave once they are loaded: `filesLeave: true` (docs/ingest.md, "Days without inputs").',
      };
    case 'failed':
      return {
        meaning: `The load failed at ${updated}, after ${counted(attempts, 'attempt')}.`,
        next: `The next run loads corrected files. After a correction elsewhere load the day again (\`sluice ingest backfill\`); within the lookback the first run after ${isoTimestamp(updatedAt + RETRY_AFTER_MS)} also retries it.`,
      };
    case 'loading':
      return {
        meaning: `The day has been loading since ${updated}.`,
        next: 'Wait: a load that does not finish is taken over.',
      };
    case 'waiting':
      return explainWaiting(entry, updated);
  }
}

/** A day that was loaded. @param updated ISO 8601. */
function explainLoaded({ files, rows }: LedgerEntry, updated: string): StateText {
  const loaded = files.filter(({ fate }) => fate === 'loaded').length;
  return {
    meaning: `The day was loaded at ${updated}, from ${counted(loaded, 'file')}.`,
    next:
      rows.refused > 0
        ? 'Read the refused rows. Correct the mapping and load the day again (`sluice ingest backfill`), or ask for corrected files.'
        : 'Nothing. If a file changes within the lookback, the next run loads the day again.',
  };
}

/** A day without rows. @param updated ISO 8601. */
function explainEmpty(entry: LedgerEntry, updated: string): StateText {
  const empty = emptyWords(entry);
  if (empty === null)
    return {
      meaning: `The day has had no data since ${updated}: its folder had no file to load.`,
      next: 'Nothing, or ask who delivers it: files that arrive are loaded.',
    };
  return {
    meaning: `The day came without rows at ${updated}: it has ${empty}.`,
    next: 'Ask who delivers it whether that is right: files with rows that arrive are loaded. If none will come: `sluice ingest accept empty`.',
  };
}

/** A day that waits for a load, a commit or a marker. @param updated ISO 8601. */
function explainWaiting({ queued, attempts, failure, files }: LedgerEntry, updated: string): StateText {
  const next = 'Wait.';
  if (queued === undefined) return { meaning: `The day has waited since ${updated}.`, next };
  const queuedAt = isoTimestamp(queued.at);
  if (isMarkerReason(queued.reason)) {
    const lacks = `The day has had ${lackWords(queued)} since ${isoTimestamp(queued.writtenAt ?? queued.at)}`;
    return queued.reason === markerReason()
      ? {
          meaning: `${lacks}: the log of its folder names none of them.`,
          next: 'Wait for the job that writes them, or have it run again: the next run after its commit loads the day.',
        }
      : {
          meaning: `${lacks}.`,
          next: 'Ask for the marker, or load the day without it (`sluice ingest backfill`).',
        };
  }
  if (!isSent(queued)) {
    const known = files.length === 0 ? '' : ' The files named here are those of its last load.';
    return {
      meaning: `A run found at ${queuedAt} that the day's files had changed. It waits until they have settled.${known}`,
      next,
    };
  }
  if (failure === undefined)
    return { meaning: `A load of the day was requested at ${queuedAt} (${queued.reason}).`, next };
  return {
    meaning: `A load of the day was interrupted, and will be retried (attempts: ${attempts}).`,
    next,
  };
}

/** What is to say of the rows of a day, a sentence each. */
function rowMeanings(entry: LedgerEntry): string[] {
  const { state, rows, usualRows, usualSpread: spread, missingSince } = entry;
  const usual = [
    ...(usualRows === undefined ? [] : [`Its weekday usually has ${counted(usualRows, 'row')}.`]),
    ...(spread === undefined
      ? []
      : [
          `${spread.days} days before had ${spread.least.toLocaleString('en-US')} to ${counted(spread.most, 'row')}.`,
        ]),
  ];
  if (emptyWords(entry) !== null) return usual;
  if (rows.in === 0 || missingSince !== undefined || state === 'waiting' || state === 'loading') return [];
  const unusual = [equalFilesWords(entry), contentWords(entry)];
  return [
    rows.refused === 0
      ? `None of ${counted(rows.in, 'row')} was refused.`
      : `${rows.refused.toLocaleString('en-US')} of ${counted(rows.in, 'row')} went to quarantine.`,
    ...unusual.flatMap((words) => (words === null ? [] : [`The day ${words}.`])),
    ...usual,
  ];
}

/** The refused rows of all files by reason, the most frequent first. */
function refusedReasons({ files }: LedgerEntry): readonly RefusedReason[] {
  const counts = new Map<string, number>();
  for (const { refusedBy = {} } of files)
    for (const [reason, n] of Object.entries(refusedBy)) counts.set(reason, (counts.get(reason) ?? 0) + n);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, rows]) => ({ ...explainStoredCode(reason), rows }));
}

/** What the reasons mean for which files were left out. */
function leftOutMeanings({ files }: LedgerEntry): DayExplanation['leftOut'] {
  const meanings = files.flatMap(({ reason = '' }) =>
    isLeftOutReason(reason) ? [[reason, leftOutReasons[reason]] as const] : [],
  );
  return Object.fromEntries(meanings);
}

/** How long before its own day a day's files may have been dropped, for its refused rows to be found. */
const DROPPED_EARLY_MS = 31 * DAY_MS;
/** How far the clock of S3, which says when a file was dropped, may be ahead of the ledger's. */
const CLOCKS_DIFFER_MS = HOUR_MS;

/**
 * Lists the refused rows of the files that were loaded last for a day, in the order of the files. They are looked for among
 * rows that were dropped from 31 days before the day on.
 *
 * @param limit The most rows.
 * @throws DropsError SLUICE_INGEST_NO_SOURCES, SLUICE_INGEST_DAY_UNKNOWN; LedgerError; ObserveError; what the clients of AWS throw.
 */
export async function listRefusedRows(
  deployment: Deployment,
  named: NamedDay,
  limit: number,
): Promise<QuarantinedPage> {
  const { entry } = await readEntry(deployment, named);
  const { fingerprint, table, day, updatedAt } = entry;
  if (fingerprint === null) return { rows: [], hasMore: false, notes: [], scannedBytes: 0 };
  const filter = {
    from: Date.parse(`${day}T00:00:00Z`) - DROPPED_EARLY_MS,
    to: updatedAt + CLOCKS_DIFFER_MS,
    fileStem: refusedRowsStem({ table, day, fingerprint }),
  };
  return listQuarantined(deployment, filter, limit);
}
