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

/**
 * The first hour is judged only if at least so much of it was left when the run began, milliseconds: only then its hourly schedules
 * ran in it, and Sluice takes their counts for the sign that CloudWatch was there.
 */
const FIRST_HOUR_MS = 55 * 60_000;

/** Finds hours of the run that Sluice does not say to be whole. Events that Firehose dropped may be missing in them. */
function hourProblems({ hours, expiredCopies }: Counted, { windows }: Ledger): readonly string[] {
  const problems: string[] = [];
  const firstWindow = windows[0];
  const lastWindow = windows.at(-1);
  if (firstWindow === undefined || lastWindow === undefined) throw new RangeError('The run has no windows.');
  const isoHour = (clock: number) => new Date(clock).toISOString().slice(0, 'YYYY-MM-DDTHH'.length);
  const first = isoHour(firstWindow.clock + FIRST_HOUR_MS);
  const last = isoHour(lastWindow.clock);
  const judged = hours
    .map((row) => ({ ...row, isoHour: `${row.ds}T${String(row.hour).padStart(2, '0')}` }))
    .filter((row) => row.isoHour >= first && row.isoHour <= last);
  if (judged.length === 0) problems.push('received_hours: no hour of the run is judged.');
  for (const row of judged)
    if (!['whole', 'short'].includes(row.state))
      problems.push(`received_hours: ${row.isoHour}, ${row.table_name} is ${row.state}: ${row.why}.`);
  const missing = judged.reduce((sum, row) => sum + row.missing, 0);
  if (missing > expiredCopies)
    problems.push(`received_hours: ${missing} events are missing, and ${expiredCopies} expired.`);
  return problems;
}
