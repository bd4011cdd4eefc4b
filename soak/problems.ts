import type { Counted } from './count.ts';
import type { Ledger } from './Ledger.ts';
import { kindsOf } from './windowFacts.ts';

/** Finds failures of a run, a sentence each; empty if Sluice kept its promise and every fault was there to break it. */
export function findProblems(counted: Counted, ledger: Ledger): readonly string[] {
  const { total, kinds } = counted;
  const problems: string[] = [];
  const events = (n: number) => (n === 1 ? '1 event' : `${n.toLocaleString('en-GB')} events`);
  if (total.accepted === 0) problems.push('No event was accepted: nothing was tested.');
  for (const row of kinds) {
    const say = (sentence: string) => void problems.push(`${row.kind}: ${sentence}`);
    if (row.lost > 0) say(`${events(row.lost)} lost.`);
    if (row.unreadable > 0)
      say(
        `${row.unreadable.toLocaleString('en-GB')} rows in folders without a partition: no query finds them.`,
      );
    if (row.strangelyExpired > 0)
      say(`${events(row.strangelyExpired)} expired, although no stream failed for a day at the time.`);
    if (row.strangelyQuarantined > 0)
      say(`${events(row.strangelyQuarantined)} in quarantine that are valid.`);
    if (row.strangelyDropped > 0)
      say(
        `${events(row.strangelyDropped)} refused, although the gateway's answers were not faulty: SDKs drop them.`,
      );
    if (row.sent < row.planned) say(`${events(row.planned - row.sent)} not sent.`);
    if (row.accepted === 0 && total.accepted > 0) say('no event was accepted: nothing was tested.');
  }
  for (const kind of new Set(ledger.windows.flatMap(kindsOf)))
    if (kind !== 'none' && ledger.struck(kind) === 0) problems.push(`${kind}: its faults never struck.`);
  return [...problems, ...hourProblems(counted, ledger)];
}

/** Minutes of an hour that are left when its hourly schedules have run: they say that CloudWatch was there. */
const AFTER_SCHEDULES_MS = 55 * 60_000;

/** Hours from the first window to the last that Sluice does not say to be whole. What Firehose dropped is missing. */
function hourProblems({ hours, expiredCopies }: Counted, { windows }: Ledger): readonly string[] {
  const problems: string[] = [];
  const hourOf = (clock = 0) => new Date(clock).toISOString().slice(0, 13);
  const first = hourOf((windows[0]?.clock ?? 0) + AFTER_SCHEDULES_MS);
  const last = hourOf(windows.at(-1)?.clock);
  const own = hours
    .map((hour) => ({ ...hour, at: `${hour.ds}T${String(hour.hour).padStart(2, '0')}` }))
    .filter(({ at }) => at >= first && at <= last);
  if (own.length === 0) problems.push('received_hours: no hour of the run is judged.');
  for (const { at, table_name, state, why } of own)
    if (!['whole', 'short'].includes(state))
      problems.push(`received_hours: ${at}, ${table_name} is ${state}: ${why}.`);
  const missing = own.reduce((sum, hour) => sum + hour.missing, 0);
  if (missing > expiredCopies)
    problems.push(`received_hours: ${missing} events are missing, and ${expiredCopies} expired.`);
  return problems;
}
