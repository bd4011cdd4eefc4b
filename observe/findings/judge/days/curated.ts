import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, percent } from '../../../../lib/base/text.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import { daysWords } from '../../../commands.ts';
import type { CurationState, KeptDay, ResentDay } from '../../../facts/days/curationState.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import { dayReason } from '../failures.ts';
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
        const reason = name === 'damaged' ? undefined : dayReason(code, message);
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

/** The share of the rows of a day that repeat another. */
function resentShare({ rows, resends }: ResentDay): number {
  return resends / (rows + resends);
}

/** The lower part of shares below which as many lie as say what is usual; 0 without any. */
function quantile(days: readonly ResentDay[], part: number): number {
  const shares = days.map(resentShare).toSorted((x, y) => x - y);
  return shares[Math.floor((shares.length - 1) * part)] ?? 0;
}

/**
 * Days of which more was sent again than is usual, until two days without. What is usual is of the days without; which these are is told
 * by the lowest quarter of all, as most may have the fault.
 */
export function* resentFindings({ curated }: StatusFacts, place: Place): Findings {
  const tables = (curated ?? []).flatMap((state) => resentTable(state, place) ?? []);
  // What sends again sends rows of both tables.
  for (const [name, ofCase] of Map.groupBy(tables, (table) => table.name)) {
    const [first, ...others] = ofCase;
    if (first === undefined) continue;
    const also = others.map(({ table }) => `, and of ${table}`).join('');
    const told = {
      case: name,
      title: `${first.title}${also}`,
      since: ofCase.map(({ since }) => since).sort()[0] ?? null,
      detail: `${ofCase.map(({ detail }) => detail).join(' ')} Who sent them stands in the rows alone, which the command reads.`,
    };
    yield finding(
      'SLUICE_FINDING_RESENDS',
      told,
      ofCase.map(({ sql }) => place.commands.sluice('query', sql)),
    );
  }
}

/** A table of which more was sent again than is usual. */
interface ResentTable {
  /** The case of the finding. */
  readonly name: CaseOf<'SLUICE_FINDING_RESENDS'>;
  /** Name of the raw table. */
  readonly table: string;
  /** Its newest such day, in words. */
  readonly title: string;
  /** All such days, in a sentence. */
  readonly detail: string;
  /** The first of them. */
  readonly since: UtcDay;
  /** Reads who sent them. */
  readonly sql: string;
}

/** What was sent again of a table; null if nothing is to be told. */
function resentTable(
  { kind, table: curatedTable, resends }: Pick<CurationState, 'kind' | 'table' | 'resends'>,
  { config, now }: Pick<Place, 'config' | 'now'>,
): ResentTable | null {
  const days = resends.filter((resend) => {
    const share = resentShare(resend);
    if (now - Date.parse(resend.day) > RESENT.ms || resend.resends < RESENT.rows) return false;
    const otherDays = resends.filter((otherDay) => otherDay !== resend);
    const low = quantile(otherDays, 0.25);
    return share >= RESENT.much || (share >= RESENT.more && share >= RESENT.times * low);
  });
  const [newest] = days;
  // The newest come first: how many days came after it.
  const after = newest === undefined ? 0 : resends.indexOf(newest);
  if (newest === undefined || after > 1) return null;
  const others = resends.filter((day) => !days.includes(day));
  const usual = percent(quantile(others, 0.5));
  const texts = days.map(
    (day) =>
      `${percent(resentShare(day))} of the rows of ${day.day} (${day.resends} of ${day.rows + day.resends})`,
  );
  const copies = copiesOf(newest);
  const more = days.length === 1 ? '' : `, and on ${counted(days.length - 1, 'other day')}`;
  const verb = usual === percent(0.01) ? 'is' : 'are';
  const usually = others.length === 0 ? '' : `, where ${usual} ${verb} usual`;
  const each = copies === null ? '' : `, nearly each event ${copies} times`;
  const over = after === 0 ? '' : `, and it is over: ${resends[0]?.day} has no more than usual`;
  const ofCopies = copies === null ? 'some' : 'each';
  const table = config.tables[kind];
  const rows = newest.rows + newest.resends;
  return {
    name: after > 0 ? 'over' : ofCopies,
    table,
    title: `${percent(resentShare(newest))} of the rows of ${table} of ${newest.day} were sent again (${newest.resends} of ${rows})${each}${more}${usually}${over}`,
    detail: `${curatedTable}: sent again were ${listed(texts)}${usually}.`,
    since: days.at(-1)?.day ?? newest.day,
    sql: resendsSql(
      table,
      days.map(({ day }) => day),
    ),
  };
}

/** The share of events that what repeats all requests may miss, as where it is deployed anew. */
const MISSED_SHARE = 0.01;

/** How often each event of a day came, where nearly all came equally often; null where some came again. */
function copiesOf({ rows, resends }: ResentDay): number | null {
  const again = Math.round(resends / rows);
  return again > 0 && Math.abs(resends - again * rows) <= rows * MISSED_SHARE ? 1 + again : null;
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

/** A query for the senders of events that came more than once: how often each came, and within which seconds. */
function resendsSql(table: string, days: readonly UtcDay[]): string {
  const among = days.map((day) => `DATE '${day}'`).join(', ');
  const perEvent = `SELECT ds, sdk_type, sdk_version, event_id, count(*) AS copies, min(received_at) AS first, max(received_at) AS last FROM ${table} WHERE ds IN (${among}) GROUP BY 1, 2, 3, 4`;
  return `SELECT ds, sdk_type, sdk_version, copies, count(*) AS events, max(date_diff('second', first, last)) AS seconds, min(first) AS first, max(last) AS last FROM (${perEvent}) WHERE copies > 1 GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT 20`;
}
