import { failureFields } from '../../../base/log.ts';
import { localDay } from '../../../base/time.ts';
import type { Settlement } from '../../../ledger/Ledger.ts';
import type { FileFate } from '../../../ledger/LedgerEntry.ts';
import { VERSION_KEPT_MS } from '../../../ledger/versions.ts';
import { haveSameFiles } from '../../Drop.ts';
import { isElsewhere } from '../../lastLoad.ts';
import { lookbackDays } from '../../lookbackDays.ts';
import { type DaysAround, readDaysAround } from '../../usual/daysAround.ts';
import { copiesOf } from '../../usual/fileCopies.ts';
import { judgeContent } from '../../usual/usualContent.ts';
import { listFileFates } from '../fileFates.ts';
import type { LoadFailure } from '../LoadError.ts';
import type { DropDay, Loader } from '../Loader.ts';
import type { DayLoad, Progress } from '../Progress.ts';

/** The entry's content before the claim, and whether a person accepts it. */
export function unchangedSettlement(progress: Progress): Settlement {
  const { entry } = progress.claim;
  const { fingerprint, files, rows, bytes, superseded, missingSince, content, failure } = entry;
  const { drop, place: here } = progress;
  const isLoaded = files.some(({ fate }) => fate === 'loaded');
  const isAccepted =
    entry.accepted === true || progress.accepts('keep') || (!isLoaded && progress.accepts('empty'));
  const isOfSame = haveSameFiles(progress.drop?.fingerprint, fingerprint);
  // The same files may be at another place now. What failed there has not become right.
  const isThere = drop !== undefined && isElsewhere(drop, entry, here);
  const stillFailed = isThere && !isAccepted ? failure : undefined;
  const isMissing = missingSince !== undefined && !isAccepted;
  return {
    place: missingSince !== undefined || isThere ? progress.rowsPlace : here,
    state: stateBefore({ isFailed: stillFailed !== undefined, isMissing, isLoaded }),
    files,
    rows,
    bytes,
    superseded,
    // The logs of the folder may have changed, without a change of what counts.
    fingerprint: isOfSame ? (progress.drop?.fingerprint ?? fingerprint) : fingerprint,
    missingSince,
    usualRows: entry.usualRows,
    usualSpread: entry.usualSpread,
    content,
    ...(isAccepted ? { accepted: true } : {}),
    failure: stillFailed,
  };
}

/** The state that a day had before its claim. The entry has only `loading` instead. */
function stateBefore({
  isFailed,
  isMissing,
  isLoaded,
}: Readonly<Record<'isFailed' | 'isMissing' | 'isLoaded', boolean>>): Settlement['state'] {
  if (isFailed) return 'failed';
  if (isMissing) return 'inputs_missing';
  return isLoaded ? 'succeeded' : 'succeeded_no_data';
}

/** How a load has ended. */
export interface LoadEnd {
  /** The state that the ledger records. */
  readonly state: Settlement['state'];
  /** Why the load failed; undefined if it did not. */
  readonly failure: LoadFailure | undefined;
  /** Whether queries keep the rows of an earlier load, as the files of now have none. */
  readonly isKept: boolean;
}

/** What the ledger gets of a load that has ended. */
export async function settlementOf(load: DayLoad, end: LoadEnd): Promise<Settlement> {
  const { loader, task, progress } = load;
  const { state, failure, isKept } = end;
  const { mapped, drop, version, filesWritten } = progress;
  const { entry } = progress.claim;
  const { in: read = 0, out = 0, refused = 0 } = mapped?.rows ?? {};
  const files = listFileFates(progress, end);
  const keepsRows = entry.version !== undefined && (isKept || failure !== undefined);
  const { missingSince = loader.clock.now() } = entry;
  // A day that never came is late until a person says that it does not come.
  const isAccepted = isKept ? state === 'succeeded' : progress.accepts('empty');
  return {
    state,
    fingerprint: drop?.fingerprint ?? task.fingerprint,
    files,
    rows: isKept ? entry.rows : { in: read, out, refused },
    bytes: drop?.files.reduce((sum, { size }) => sum + size, 0) ?? 0,
    superseded: supersededVersions(loader, progress),
    place: keepsRows ? progress.rowsPlace : progress.place,
    ...(isKept ? { missingSince } : {}),
    ...(isAccepted ? { accepted: true } : {}),
    ...(await comparedContent(load, end, files)),
    ...(version === undefined ? {} : { version }),
    ...(filesWritten === undefined ? {} : { filesWritten: [...filesWritten] }),
    failure: failure && { code: failure.code, message: failure.message },
  };
}

/**
 * What the ledger gets of a comparison of a day's rows with the days around it: how many rows are usual, how far apart days
 * are, and what of their content is unusual. Rows that are kept were compared when they were loaded; of a day that failed
 * nothing is said.
 */
async function comparedContent(
  { loader, place, progress }: DayLoad,
  { state, isKept }: LoadEnd,
  files: readonly FileFate[],
): Promise<Pick<Settlement, 'usualRows' | 'usualSpread' | 'content'>> {
  const none = { usualRows: undefined, usualSpread: undefined };
  if (isKept) return { ...none, content: progress.claim.entry.content };
  if (state !== 'succeeded' && state !== 'succeeded_no_data') return { ...none, content: undefined };
  const { usual, spread, before = [], copies = [] } = (await findDaysAround(loader, place, files)) ?? {};
  const { mapped } = progress;
  const hasRows = mapped !== undefined && mapped.rows.out > 0;
  const on = { day: place.day, today: localDay(loader.clock.now(), place.dataset.timezone) };
  return {
    usualRows: usual ?? undefined,
    usualSpread: spread ?? undefined,
    content: hasRows ? judgeContent(mapped, before, copies, on) : undefined,
  };
}

/** Superseded versions that a sweep has not deleted yet. */
function supersededVersions({ clock }: Loader, { claim, replaced }: Progress): Settlement['superseded'] {
  const kept = claim.entry.superseded.filter(({ at }) => at > clock.now() - VERSION_KEPT_MS);
  return [...kept, ...replaced];
}

/** What the days around a day say of it; null if that is not known. A ledger that can't be read fails no load. */
async function findDaysAround(
  { ledger, log, clock }: Loader,
  { source, dataset, day }: DropDay,
  files: readonly FileFate[],
): Promise<DaysAround | null> {
  const place = { source: source.name, dataset: dataset.name };
  const after = lookbackDays(clock.now(), dataset.timezone, dataset.lookbackDays).filter(
    (lookbackDay) => lookbackDay > day,
  );
  try {
    return await readDaysAround(ledger, { ...place, day, table: dataset.table }, after, (others) =>
      copiesOf(files, others, source.kmsKeyArn !== undefined),
    );
  } catch (error) {
    log({ level: 'error', event: 'ingest_usual_rows', ...place, day, ...failureFields(error) });
    return null;
  }
}
