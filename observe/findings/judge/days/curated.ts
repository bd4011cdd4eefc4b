import { CURATE_SCHEDULE } from '../../../../infra/curate/curate.ts';
import { partName } from '../../../../infra/template/Stack.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import type { CurationState, KeptDay } from '../../../facts/days/curationState.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { finding } from '../../catalogue.ts';
import { dayReason } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { type CuratedCommands, curatedCommands } from './dayCommands.ts';
import { copiesText, failedDays, lostFilesOf, sinceOf, versionsUntil } from './dayTexts.ts';
import { unreadVersions } from './partitions.ts';

/** Curated tables: days that failed or wait, lack files, or keep rows. */
export function* curatedFindings(facts: StatusFacts, place: Place): Findings {
  for (const state of facts.curated ?? []) {
    const { kind, table, lacking, unread } = state;
    const commands = curatedCommands(kind, place);
    const { rebuild: again, status: all } = commands;
    const versions = { name: table, table, judgedBy: ['the curated days'], lacking, again, all } as const;
    yield* lostFilesOf(versions, facts.archivedDays, place);
    const judgedBy = ['the curated days', 'the partitions of curated days'] as const;
    yield* unreadVersions({ name: table, table, unread, judgedBy }, place);
    yield* failedCurations(facts, place, state, commands);
    yield* lateCurations(state, place, commands, facts);
    yield* keptRows(facts, place, state);
  }
}

/** Days that could not be curated: those with a damaged raw file apart, as its own finding has the cure. */
function* failedCurations(
  { damagedFiles }: StatusFacts,
  { config }: Place,
  { kind, table, failed }: CurationState,
  { run, status }: CuratedCommands,
): Findings {
  const oldestFirst = failed.toReversed().map(({ day, code, message, ...failing }) => ({
    day,
    failure: code,
    failureMessage: message,
    failing,
  }));
  const isDamaged = (day: UtcDay) =>
    damagedFiles?.some((file) => file.table === config.tables[kind] && file.day === day) === true;
  const cases = Map.groupBy(oldestFirst, ({ day }) => (isDamaged(day) ? 'damaged' : 'other'));
  for (const [name, ofCase] of cases)
    for (const { code, message, days, told } of failedDays({ name: table, verb: 'curated' }, ofCase)) {
      const reason = name === 'damaged' ? undefined : dayReason(code, message);
      yield finding('SLUICE_FINDING_CURATE_FAILED', { ...told, case: name, reason }, [
        status(days.at(-1)),
        run,
      ]);
    }
}

/** Days that wait for too long: those that are queued, and those that no night has queued. */
function* lateCurations(
  { table, listed: listedDays, late, lateSince, unplanned }: CurationState,
  { commands, config, stack }: Place,
  { run }: CuratedCommands,
  { deployedAt, isLocal }: Pick<StatusFacts, 'deployedAt' | 'isLocal'>,
): Findings {
  const waits = ({ length }: readonly UtcDay[]) =>
    `${counted(length, 'day')} of ${table} ${length === 1 ? 'waits' : 'wait'}`;
  if (late.length > 0)
    yield finding(
      'SLUICE_FINDING_CURATE_LATE',
      {
        case: 'queued',
        title: `${waits(late)} to be curated, the oldest ${late.at(-1)}`,
        since: sinceOf([lateSince]),
        detail: `${table}, queued for a day: ${listed(late)}.`,
      },
      [run],
    );
  const oldest = unplanned.at(-1);
  if (oldest !== undefined) {
    // The night in which it should have been.
    const night = `${addDays(oldest, 1 + config.curateAfter)}T00:20:00Z`;
    // Of a table without a curated day nobody knows that `curate` was deployed before the last deployment.
    const isKnown = listedDays > 0 || deployedAt === null || Date.parse(deployedAt) <= Date.parse(night);
    const schedule = commands.aws('scheduler', 'get-schedule', '--name', partName(stack, CURATE_SCHEDULE));
    yield finding(
      'SLUICE_FINDING_CURATE_LATE',
      {
        case: isLocal ? 'local' : 'unplanned',
        title: `${waits(unplanned)} to be queued, the oldest ${oldest}`,
        since: isKnown ? night : null,
        detail: `${table}, never queued: ${listed(unplanned)}.`,
      },
      isLocal ? [run] : [run, schedule],
      'warning',
    );
  }
}

/** Days whose curated table has rows that no raw file has any more. */
function* keptRows(
  { lostDays, exports }: StatusFacts,
  { config, commands, now, isUnrestorable, deletedAt }: Place,
  { kind, table, kept }: Pick<CurationState, 'kind' | 'table' | 'kept'>,
): Findings {
  if (kept.length === 0) return;
  const days = kept.map((keptDay) => {
    const seen = lostDays?.find(
      ({ table: lostKind, day }) => lostKind === kind && day === keptDay.day,
    )?.seenAt;
    // A loss is noticed within a day.
    const until = versionsUntil(config, seen ?? Date.parse(keptDay.since) - DAY_MS);
    const isGone = isUnrestorable(config.tables[kind], keptDay.day);
    return `${keptText(keptDay, { until, isGone }, now)}${copiesText(exports, config.tables[kind], keptDay.day)}`;
  });
  const back = kept.flatMap(({ day, isErased, gone: goneFiles, replaced }) =>
    isErased || goneFiles.length + replaced.length === 0 ? [] : [day],
  );
  const gone = kept.map(({ day }) => day);
  const restored = commands.restore(config.tables[kind], back);
  const isBack = kept.every((day) => !day.isErased && day.gone.length + day.replaced.length === 0);
  const rows = sum(kept.map((day) => day.rows));
  const withoutVersions = isBack ? 'back' : 'gone';
  const told = {
    case: restored.length > 0 ? 'versions' : withoutVersions,
    title: `${counted(rows, 'row')} of ${table} ${rows === 1 ? 'is' : 'are'} in no raw file any more, of ${counted(kept.length, 'day')}, the newest ${gone[0]}`,
    since: sinceOf(kept.map(({ day, since }) => deletedAt(config.tables[kind], day) ?? Date.parse(since))),
    detail: `${table}: ${listed(days, '; ')}.`,
  } as const;
  const drops = told.case === 'gone' ? commands.accept(kind, gone, '--drop') : [];
  yield finding('SLUICE_FINDING_CURATE_KEPT', told, [
    ...restored,
    ...(isBack ? [] : commands.accept(kind, gone)),
    ...drops,
  ]);
}

/** What a curated day keeps of raw files that are gone. */
function keptText(
  { day, rows, since, gone, replaced, isErased }: KeptDay,
  { until, isGone }: { readonly until: UtcDay; readonly isGone: boolean },
  now: number,
): string {
  const had = until < utcDay(now) ? 'had' : 'has';
  const there = isGone
    ? '; S3 has no version of them'
    : `; S3 ${had} what was deleted until ${until} at least`;
  const back = isErased ? ', and an erasure has deleted versions of them' : there;
  const files = [
    ...(gone.length === 0 ? [] : [`gone: ${listed(gone)}`]),
    ...(replaced.length === 0 ? [] : [`replaced: ${listed(replaced.map(({ name }) => name))}`]),
    ...(gone.length + replaced.length === 0 ? ['copied back, for the next night'] : []),
  ];
  return `${day}, ${counted(rows, 'row')} that no raw file has, noticed at ${since}, ${files.join(', ')}${back}`;
}
