import { counted, listed, MOST_NAMED } from '../../../../lib/base/text.ts';
import { isoTimestamp } from '../../../../lib/base/time.ts';
import { versionTime } from '../../../../lib/ledger/versions.ts';
import { datasetLedger } from '../../../../lib/tables/ledgerKeys.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import { type CaseOf, finding, seenNow } from '../../catalogue.ts';
import { customersReason } from '../customers.ts';
import { failedDays, lostFilesOf, sinceOf } from '../days/dayTexts.ts';
import { unreadVersions } from '../days/partitions.ts';
import type { Findings } from '../place.ts';
import { allDays, commandDays, otherDays } from '../texts.ts';
import type { Dataset } from './dataset.ts';
import { BUCKET_MISSING, isBucketGone } from './folder.ts';

/** Days that failed. */
export function* failedLoads(
  drops: DatasetDays,
  { name, customer, run, policy, needs, explain, backfill, status }: Dataset,
): Findings {
  for (const { code, message, isReplaced, days, told } of failedDays({ name, verb: 'loaded' }, drops.days)) {
    if (code === BUCKET_MISSING && isBucketGone(drops)) continue;
    const kind = isReplaced ? 'replaced' : failureCase(code);
    // A run leaves files alone that it has tried within 12 hours, and days before the lookback.
    const isOfRun = kind === 'replaced' || kind === 'files';
    const again = days.filter((day) => !isOfRun || day < drops.firstDay);
    const read = drops.days.find(({ day }) => day === days[0])?.version;
    const readAt = read == null ? null : versionTime(read);
    const served =
      readAt === null
        ? `Queries have no row of ${days[0]}`
        : `Queries read the version of ${days[0]} of ${isoTimestamp(readAt)}`;
    const all = status(days.at(-1));
    const { ranges, left } = commandDays(again, all);
    const detail = `${told.detail} ${served}.${needs('load', code, message)}${left || allDays(days, all)}`;
    const reason = isReplaced ? undefined : customersReason(code, message, customer);
    yield finding('SLUICE_FINDING_INGEST_FAILED', { case: kind, ...told, reason, detail }, [
      ...days.slice(0, MOST_COMMANDS).map(explain),
      ...policy(code),
      ...(again.length < days.length ? [run()] : []),
      ...ranges.map(({ from, to }) => backfill(from, to)),
    ]);
  }
}

/** Failures that other files end; of all others a setting, a policy or the machine is the reason. */
const OF_FILES =
  /^SLUICE_(INGEST_FILE_|SOURCE_(NOTHING_LOADABLE|FILES_(COMPRESSED|REPLACED)|LOG_INVALID|SPARK_LOG_ABOVE|\w+_TABLE$))/;

/** What ends the failure of a load. */
function failureCase(code: string): CaseOf<'SLUICE_FINDING_INGEST_FAILED'> {
  return OF_FILES.test(code) ? 'files' : 'other';
}

/** Days whose files are gone from the customer's folder, and those whose files are not committed any more. */
export function* missingInputs(
  { days }: DatasetDays,
  { name, place, explain, accept, status }: Dataset,
): Findings {
  const all = days.filter(({ missingSince }) => missingSince !== null).toReversed();
  const kinds = Map.groupBy(all, ({ uncommitted }) => (uncommitted > 0 ? 'uncommitted' : 'gone'));
  for (const [kind, missing] of kinds) {
    const names = missing.map(({ day, missingSince, uncommitted }) => {
      const more = uncommitted === 0 ? '' : `, with ${counted(uncommitted, 'file')} and no commit`;
      return `${day} since ${isoTimestamp(missingSince ?? place.now)}${more}`;
    });
    const missingDays = missing.map(({ day }) => day);
    // Nobody accepts a day that the detail does not name.
    const told = missingDays.slice(0, MOST_NAMED);
    const { ranges, left } = commandDays(missingDays, status(missingDays.at(-1)), told);
    const commands = ranges.flatMap(({ from, to }) => [explain(to), accept('keep', from, to)]);
    const lacks = kind === 'uncommitted' ? 'committed file' : 'file';
    const found = {
      case: kind,
      title: `${counted(missing.length, 'loaded day')} of ${name} ${missing.length === 1 ? 'has' : 'have'} no ${lacks} any more, the newest ${missing[0]?.day}`,
      since: sinceOf(missing.map(({ missingSince }) => missingSince)),
      detail: `${name}: ${listed(names, '; ')}.${left}`,
    } as const;
    yield finding('SLUICE_FINDING_INPUTS_MISSING', found, commands);
  }
}

/** Days whose version lacks files. */
export function* lostFiles(
  { table, lacking }: DatasetDays,
  { name, place, archivedDays, backfill, status: all }: Dataset,
): Findings {
  const versions = { name, table, judgedBy: ['the drops'], lacking, again: backfill, all } as const;
  yield* lostFilesOf(versions, archivedDays, place);
}

/** Days that were loaded and that no query reads. */
export function* unreadDays({ table, unread }: DatasetDays, { name, place }: Dataset): Findings {
  const judgedBy = ['the drops', 'the partitions of drops'] as const;
  // By the catalogue it is of `partitions`: those that the registrar adds.
  for (const found of unreadVersions({ name, table, unread, judgedBy }, place))
    yield { ...found, part: 'drops' };
}

/** Days that the table has, and of which the ledger has no entry. */
export function* forgottenDays(
  { source, dataset, lastLook, forgotten = [] }: DatasetDays,
  { name, place, backfill, status }: Dataset,
): Findings {
  const [first] = forgotten;
  if (first === undefined) return;
  const { ranges, left } = commandDays(forgotten, status(first));
  const look = lastLook === null ? ', nor a note of a listing of its folder' : '';
  const has = `The ledger has no entry of ${counted(forgotten.length, 'day')} that the table of ${name} has`;
  const folder = datasetLedger(source, dataset);
  const list = ['--bucket', place.config.bucket, '--prefix', folder];
  yield finding(
    'SLUICE_FINDING_LEDGER_DAMAGED',
    {
      case: 'gone',
      judgedBy: ['the drops', 'the partitions of drops'],
      ...seenNow(
        `${has}, the first ${first}${look}`,
        `${has}${look}: ${listed(forgotten)}. ${folder}.${left}`,
      ),
    },
    [
      place.commands.aws('s3api', 'list-object-versions', ...list),
      ...ranges.map(({ from, to }) => backfill(from, to)),
    ],
  );
}

/** Days whose receipt the customer's bucket does not take, those of one code together, the latest first. */
export function* failedReceipts(
  { days }: DatasetDays,
  { name, customer, policy, needs, backfill, status }: Dataset,
): Findings {
  const failed = days
    .toReversed()
    .flatMap(({ day, receipt }) => (receipt === null ? [] : [{ day, ...receipt }]));
  for (const [code, ofCode] of Map.groupBy(failed, (receipt) => receipt.code)) {
    const untold = ofCode.map(({ day }) => day);
    const texts = ofCode.map(({ day, since }) => `${day} since ${isoTimestamp(since)}`);
    const { ranges, left } = commandDays(untold, status(untold.at(-1)));
    yield finding(
      'SLUICE_FINDING_RECEIPTS_FAILED',
      {
        case: 'other',
        title: `The receipt of ${name} for ${untold[0]} was not taken: ${code}${otherDays(untold.length)}`,
        since: sinceOf(ofCode.map(({ since }) => since)),
        detail: `${name}: ${code}: ${listed(texts, '; ')}.${needs('receipt', code)}${left}`,
        reason: customersReason(code, null, customer),
      },
      [...policy(code), ...ranges.map(({ from, to }) => backfill(from, to))],
    );
  }
}
