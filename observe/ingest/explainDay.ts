import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { counted } from '../../lib/base/text.ts';
import { isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import { isLeftOutReason, leftOutReasons } from '../../lib/drops/Drop.ts';
import { movedFrom } from '../../lib/drops/lastLoad.ts';
import { RETRY_AFTER_MS } from '../../lib/drops/limits.ts';
import { dropPlace } from '../../lib/drops/listDrops.ts';
import { COMMIT, isMarkerReason, isSent, lackWords, markerReason } from '../../lib/drops/plan/decideDay.ts';
import { newerDays } from '../../lib/drops/plan/newerFiles.ts';
import { lastListings } from '../../lib/drops/plan/planSources.ts';
import { contentWords } from '../../lib/drops/usualContent.ts';
import { emptyWords } from '../../lib/drops/usualRows.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import { lackingSince } from '../../lib/ledger/versionFiles.ts';
import { refusedRowsKey } from '../../lib/tables/tableFolders.ts';
import { sluiceCommand, targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import { type ExplainedCode, explainCode } from '../explainCode.ts';
import { equalFilesWords } from '../facts/days/equalFiles.ts';
import { readVersionFiles } from '../facts/days/ledgerDays.ts';
import { listQuarantined, type QuarantinedPage } from '../facts/tables/listQuarantined.ts';
import { deploymentOptions } from '../target.ts';
import { DropsError, namedDatasets } from './datasets.ts';

/** A failure with what it means and what to do. */
export interface ExplainedFailure extends ExplainedCode {
  /** The cause with its details: the file, the column. */
  readonly message: string;
}

/** A reason for which rows were refused. */
export interface RefusedReason extends ExplainedCode {
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
  /** The next steps, automatic or to be done, a sentence each. */
  readonly next: readonly string[];
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

/**
 * Explains a day of a dataset.
 *
 * @throws DropsError SLUICE_INGEST_NO_SOURCES, SLUICE_INGEST_DAY_UNKNOWN; IngestError.
 */
export async function explainDay(
  deployment: Pick<Deployment, 's3' | 'config' | 'stack' | 'aws' | 'isLocal' | 'now'>,
  { day, ...names }: { readonly source: string; readonly dataset: string; readonly day: UtcDay },
): Promise<ExplainedDay> {
  const { s3, config } = deployment;
  const [{ source, dataset }] = namedDatasets(config, names);
  const store = s3ObjectStore(s3, config.bucket);
  const stored = await ledgerStore(store).read({ source: source.name, dataset: dataset.name, day });
  if (stored === null)
    throw new DropsError('SLUICE_INGEST_DAY_UNKNOWN', `${source.name}/${dataset.name} ${day}.`);
  const { entry, eTag } = stored;
  const lacking = lackingSince(await readVersionFiles(store, source.name, dataset.name), entry);
  const look = await lastListings(store).read(source.name, dataset.name);
  const newer = newerDays(look?.newer, (newerDay) => (newerDay === day ? eTag : undefined), deployment.now);
  const explanation = explainEntry(entry, deploymentOptions(deployment), lacking, newer.length > 0);
  const from = movedFrom(entry, dropPlace(source, dataset));
  const loadedFrom = from === null ? [] : [`It was loaded from ${from}, where its dataset was before.`];
  const meaning = [...explanation.meaning, ...loadedFrom];
  return { ...entry, explanation: { ...explanation, meaning } };
}

/**
 * Explains an entry of the ledger of a dataset.
 *
 * @param target As `sluiceCommand` takes it.
 * @param lacking Since when its version lacks files, epoch milliseconds; null if it has all.
 * @param hasNewer Whether its folder has newer files than were loaded, and no run looks at them.
 */
export function explainEntry(
  entry: LedgerEntry,
  target: readonly string[] = [],
  lacking: number | null = null,
  hasNewer = false,
): DayExplanation {
  const { failure, version, table, day } = entry;
  const explained = failure === undefined ? null : { ...explainCode(failure.code), message: failure.message };
  const [meaning, usual] = explainState(entry);
  const gone =
    lacking === null
      ? []
      : [
          `Files of this version are gone or archived since ${isoTimestamp(lacking)}: queries miss their rows.`,
        ];
  const newer = hasNewer
    ? ['Its folder has newer files than were loaded. It is before the lookback: no run looks at them.']
    : [];
  const next =
    lacking === null
      ? hasNewer
        ? 'Load the day again: `sluice ingest backfill`.'
        : usual
      : 'Load the day again: `sluice ingest backfill`. If its folder has no files any more, bring versions back: docs/platform.md, "Restore".';
  const isOld = entry.state === 'failed' || entry.missingSince !== undefined;
  const part = lacking !== null ? 'what is left of ' : isOld ? 'the last good ' : '';
  return {
    isLacking: lacking !== null,
    hasNewer,
    meaning: [meaning, ...gone, ...newer, ...rowMeanings(entry)],
    served:
      version === undefined
        ? `Queries read no rows of ${day} in ${table}.`
        : `Queries read ${part}version ${version} of ${day} in ${table}.`,
    next: [...(entry.state === 'failed' && explained !== null ? [explained.cure] : []), next]
      .filter((step) => step !== '')
      .map((step) => targetCommands(dayCommands(step, entry), target)),
    failure: explained,
    refused: refusedReasons(entry),
    leftOut: leftOutMeanings(entry),
  };
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
  return `is loaded in pieces since ${since}: ${done} of ${pieces} are done, with ${counted(rows.in, 'row')}`;
}

/** What happened, and what is next. */
function explainState(entry: LedgerEntry): readonly [meaning: string, next: string] {
  const pieces = pieceWords(entry);
  if (pieces !== null)
    return [`The day ${pieces}.`, 'Wait. `memorySize` of `ingest-load` makes each piece faster.'];
  const { state, updatedAt, files, rows, queued, attempts, failure } = entry;
  const at = isoTimestamp(updatedAt);
  const loaded = files.filter(({ fate }) => fate === 'loaded').length;
  switch (state) {
    case 'succeeded':
      return [
        `The day was loaded at ${at}, from ${counted(loaded, 'file')}.`,
        rows.refused > 0
          ? 'Read the refused rows. Correct the mapping and load the day again (`sluice ingest backfill`), or ask for corrected files.'
          : 'Nothing. If a file changes within the lookback, the next run loads the day again.',
      ];
    case 'succeeded_no_data': {
      const empty = emptyWords(entry);
      if (empty !== null)
        return [
          `The day came without rows at ${at}: it has ${empty}.`,
          'Ask who delivers it whether that is right: files with rows that arrive are loaded. If none will come: `sluice ingest accept empty`.',
        ];
      return [
        `The day has no data since ${at}: its folder had no file to load.`,
        'Nothing, or ask who delivers it: files that arrive are loaded.',
      ];
    }
    case 'inputs_missing':
      return [
        `None of the day's files has rows since ${isoTimestamp(entry.missingSince ?? updatedAt)}: they are gone, not committed, or without rows.`,
        'Ask who delivers it: files that come are loaded. If the rows are to stay without them: `sluice ingest accept keep`; where files always leave once they are loaded: `filesLeave: true` (docs/ingest.md, "Days without inputs").',
      ];
    case 'failed':
      return [
        `The load failed at ${at}, after ${counted(attempts, 'attempt')}.`,
        `The next run loads corrected files. After a correction elsewhere load the day again (\`sluice ingest backfill\`); within the lookback the first run after ${isoTimestamp(updatedAt + RETRY_AFTER_MS)} also retries it.`,
      ];
    case 'loading':
      return [`The day is being loaded since ${at}.`, 'Wait: a load that does not finish is taken over.'];
    case 'waiting': {
      const since = queued === undefined ? at : isoTimestamp(queued.at);
      const wait = 'Wait.';
      if (queued === undefined) return [`The day waits since ${since}.`, wait];
      const written = isoTimestamp(queued.writtenAt ?? queued.at);
      if (queued.reason === markerReason(COMMIT))
        return [
          `The day has ${lackWords(queued)} since ${written}: the log of its folder names none of them.`,
          'Wait for the job that writes them, or have it run again: the next run after its commit loads the day.',
        ];
      if (isMarkerReason(queued.reason))
        return [
          `The day has ${lackWords(queued)} since ${written}.`,
          'Ask for the marker, or load the day without it (`sluice ingest backfill`).',
        ];
      if (!isSent(queued))
        return [`The day's files changed at ${since}. It waits until they have settled.`, wait];
      return [
        failure === undefined
          ? `A load of the day was requested at ${since} (${queued.reason}).`
          : `A load of the day was interrupted, and will be retried (attempts: ${attempts}).`,
        wait,
      ];
    }
  }
}

function rowMeanings(entry: LedgerEntry): string[] {
  const { state, rows, usualRows, missingSince } = entry;
  const usual = usualRows === undefined ? [] : [`Its weekday usually has ${counted(usualRows, 'row')}.`];
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

function refusedReasons({ files }: LedgerEntry): readonly RefusedReason[] {
  const counts = new Map<string, number>();
  for (const { refusedBy = {} } of files)
    for (const [reason, n] of Object.entries(refusedBy)) counts.set(reason, (counts.get(reason) ?? 0) + n);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, rows]) => ({ ...explainCode(reason), rows }));
}

function leftOutMeanings({ files }: LedgerEntry): DayExplanation['leftOut'] {
  return Object.fromEntries(
    files.flatMap(({ reason = '' }) => (isLeftOutReason(reason) ? [[reason, leftOutReasons[reason]]] : [])),
  );
}

/** Days before its own from which a day's files may have been dropped, for its refused rows to be found. */
const DROPPED_EARLY_MS = 31 * 86_400_000;
/** S3's clock, which says when a file was dropped, and the ledger's are not the same. */
const CLOCKS_DIFFER_MS = 3_600_000;

/**
 * Lists the refused rows of the files that were loaded last for a day, in the order of the files. They are looked for among
 * rows that were dropped from 31 days before the day on.
 *
 * @throws DropsError SLUICE_INGEST_NO_SOURCES, SLUICE_INGEST_DAY_UNKNOWN; IngestError; ObserveError.
 */
export async function listRefusedRows(
  deployment: Parameters<typeof listQuarantined>[0] & Pick<Deployment, 's3'>,
  wanted: { readonly source: string; readonly dataset: string; readonly day: UtcDay },
  limit: number,
): Promise<QuarantinedPage> {
  const { fingerprint, table, day, updatedAt } = await explainDay(deployment, wanted);
  if (fingerprint === null) return { rows: [], hasMore: false, notes: [], scannedBytes: 0 };
  const key = refusedRowsKey(deployment.config, { table, day, fingerprint, receivedAt: 0 });
  const from = Date.parse(`${day}T00:00:00Z`) - DROPPED_EARLY_MS;
  return listQuarantined(
    deployment,
    {
      from,
      to: updatedAt + CLOCKS_DIFFER_MS,
      fileStem: (key.split('/').at(-1) ?? '').replace(/\.parquet$/, ''),
    },
    limit,
  );
}
