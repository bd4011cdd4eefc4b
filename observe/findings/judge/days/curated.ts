import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, percent } from '../../../../lib/base/text.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import { daysWords } from '../../../commands.ts';
import type { CurationState, KeptDay } from '../../../facts/days/curationState.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { finding } from '../../catalogue.ts';
import { reasonOf } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { copiesText, failedDays, lostFilesOf, sinceOf, versionsUntil } from './dayTexts.ts';
import { unreadVersions } from './partitions.ts';

/**
 * Shares of a day's rows that are resends: from the first with many times the usual share, from the second always. Fewer rows are a
 * request or two that a browser repeated.
 */
const RESENT = { rows: 100, more: 0.05, much: 0.5, times: 5, ms: 10 * DAY_MS } as const;

/** Curated tables: days that failed or wait, lack files, or keep rows. */
export function* curatedFindings(facts: StatusFacts, place: Place): Findings {
  const { commands, now, config, isUnrestorable } = place;
  for (const { kind, table, failed, late, lateSince, lacking, unplanned, kept, unread } of facts.curated ??
    []) {
    const run = commands.sluice('curate', 'run', '--table', kind);
    const all = (day: string | undefined) =>
      commands.sluice('curate', 'status', '--table', kind, ...daysWords(day, now));
    yield* lostFilesOf(
      { commands, archivedDays: facts.archivedDays, isUnrestorable },
      { name: table, table, judgedBy: ['the curated days'], all },
      lacking,
      (from, to) => commands.sluice('curate', 'rebuild', '--table', kind, '--from', from, '--to', to),
    );
    const judgedBy = ['the curated days', 'the partitions of curated days'] as const;
    yield* unreadVersions({ name: table, table, unread, judgedBy }, place);
    const oldestFirst = failed.toReversed().map(({ day, code, message, ...failing }) => ({
      day,
      failure: code,
      failureMessage: message,
      failing,
    }));
    const isDamaged = ({ day }: Pick<(typeof failed)[number], 'day'>) =>
      facts.damagedFiles?.some((file) => file.table === config.tables[kind] && file.day === day) === true;
    for (const [name, ofCase] of Map.groupBy(oldestFirst, (day) => (isDamaged(day) ? 'damaged' : 'other')))
      for (const { code, message, days, told } of failedDays({ name: table, verb: 'curated' }, ofCase)) {
        const reason = name === 'damaged' ? undefined : reasonOf(code, message);
        yield finding('SLUICE_FINDING_CURATE_FAILED', { ...told, case: name, reason }, [
          all(days.at(-1)),
          run,
        ]);
      }
    if (late.length > 0)
      yield finding(
        'SLUICE_FINDING_CURATE_LATE',
        {
          case: 'queued',
          title: `${counted(late.length, 'day')} of ${table} ${waits(late)} to be curated, the oldest ${late.at(-1)}`,
          since: sinceOf([lateSince]),
          detail: `${table}, queued for a day: ${listed(late)}.`,
        },
        [run],
      );
    const oldest = unplanned.at(-1);
    if (oldest !== undefined)
      yield finding(
        'SLUICE_FINDING_CURATE_LATE',
        {
          case: 'unplanned',
          title: `${counted(unplanned.length, 'day')} of ${table} ${waits(unplanned)} to be queued, the oldest ${oldest}`,
          // The night in which it should have been.
          since: `${addDays(oldest, 1 + config.curateAfter)}T00:20:00Z`,
          detail: `${table}, never queued: ${listed(unplanned)}.`,
        },
        [run],
        'warning',
      );
    yield* keptRows(facts, place, { kind, table, kept });
  }
}

const waits = (days: readonly unknown[]) => (days.length === 1 ? 'waits' : 'wait');

/** Days whose curated table has rows that no raw file has any more. */
function* keptRows(
  { lostDays, exports }: StatusFacts,
  { config, commands, now, isUnrestorable }: Place,
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
  const back = kept.flatMap(({ day, isErased, gone, replaced }) =>
    isErased || gone.length + replaced.length === 0 ? [] : [day],
  );
  const gone = kept.map(({ day }) => day);
  const restored = commands.restore(config.tables[kind], back);
  const isBack = kept.every((day) => !day.isErased && day.gone.length + day.replaced.length === 0);
  const rows = sum(kept.map((day) => day.rows));
  const withoutVersions = isBack ? 'back' : 'gone';
  const told = {
    case: restored.length > 0 ? 'versions' : withoutVersions,
    title: `${counted(rows, 'row')} of ${table} ${rows === 1 ? 'is' : 'are'} in no raw file any more, of ${counted(kept.length, 'day')}, the newest ${gone[0]}`,
    since: sinceOf(kept.map(({ since }) => Date.parse(since))),
    detail: `${table}: ${listed(days, '; ')}.`,
  } as const;
  const drops = told.case === 'gone' ? commands.accept(kind, gone, '--drop') : [];
  yield finding('SLUICE_FINDING_CURATE_KEPT', told, [
    ...restored,
    ...(isBack ? [] : commands.accept(kind, gone)),
    ...drops,
  ]);
}

/** Days of which more was sent again than is usual. */
export function* resentFindings({ curated }: StatusFacts, { commands, config, now }: Place): Findings {
  for (const { kind, table, resends } of curated ?? []) {
    const shareOf = (day: (typeof resends)[number]) => day.resends / (day.rows + day.resends);
    const usualOf = (day: object) => {
      const others = resends.filter((otherDay) => otherDay !== day).map(shareOf);
      return others.sort((x, y) => x - y)[Math.floor((others.length - 1) / 2)] ?? 0;
    };
    const days = resends.filter((resend) => {
      const share = shareOf(resend);
      if (now - Date.parse(resend.day) > RESENT.ms || resend.resends < RESENT.rows) return false;
      return share >= RESENT.much || (share >= RESENT.more && share >= RESENT.times * usualOf(resend));
    });
    const [newest] = days;
    if (newest === undefined) continue;
    const texts = days.map(
      (day) =>
        `${percent(shareOf(day))} of the rows of ${day.day} (${day.resends} of ${day.rows + day.resends})`,
    );
    const usual = `${percent(usualOf(newest))} ${usualOf(newest) === 0.01 ? 'is' : 'are'} usual`;
    const more = days.length === 1 ? '' : `, and on ${counted(days.length - 1, 'other day')}`;
    yield finding(
      'SLUICE_FINDING_RESENDS',
      {
        title: `${percent(shareOf(newest))} of the rows of ${config.tables[kind]} of ${newest.day} were sent again (${newest.resends} of ${newest.rows + newest.resends})${more}, where ${usual}`,
        since: days.at(-1)?.day ?? newest.day,
        detail: `${table}: sent again were ${listed(texts)}; ${percent(usualOf(newest))} are usual. Who sent them stands in the rows alone, which the command reads.`,
      },
      [
        commands.sluice(
          'query',
          resendsSql(
            config.tables[kind],
            days.map(({ day }) => day),
          ),
        ),
      ],
    );
  }
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

/** A query for the senders that sent events of days more than once. */
function resendsSql(table: string, days: readonly UtcDay[]): string {
  const among = days.map((day) => `DATE '${day}'`).join(', ');
  return `SELECT ds, sdk_type, sdk_version, count(*) - count(DISTINCT event_id) AS resends, min(received_at) AS first, max(received_at) AS last FROM ${table} WHERE ds IN (${among}) GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 20`;
}
