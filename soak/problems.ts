import type { Counted } from './count.ts';
import type { Ledger } from './Ledger.ts';
import { kindsOf } from './windowFacts.ts';

/** Finds failures of a run, a sentence each; empty if Sluice kept its promise and every fault was there to break it. */
export function findProblems({ total, kinds }: Counted, ledger: Ledger): readonly string[] {
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
  return problems;
}
