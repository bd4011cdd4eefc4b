import { counted, listed, percent } from '../../../../lib/base/text.ts';
import { DAY_MS, type UtcDay } from '../../../../lib/base/time.ts';
import type { CurationState, ResentDay } from '../../../facts/days/curationState.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';

/**
 * Shares of a day's rows that are resends: from the first with many times the usual share, from the second always. Fewer rows are a
 * request or two that a browser repeated.
 */
const RESENT = { rows: 100, more: 0.05, much: 0.5, times: 5, ms: 10 * DAY_MS } as const;

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

/** A query for the senders of events that came more than once: how often each came, and within which seconds. */
function resendsSql(table: string, days: readonly UtcDay[]): string {
  const among = days.map((day) => `DATE '${day}'`).join(', ');
  const perEvent = `SELECT ds, sdk_type, sdk_version, event_id, count(*) AS copies, min(received_at) AS first, max(received_at) AS last FROM ${table} WHERE ds IN (${among}) GROUP BY 1, 2, 3, 4`;
  return `SELECT ds, sdk_type, sdk_version, copies, count(*) AS events, max(date_diff('second', first, last)) AS seconds, min(first) AS first, max(last) AS last FROM (${perEvent}) WHERE copies > 1 GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT 20`;
}
