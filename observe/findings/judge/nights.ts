import { counted, listed } from '../../../lib/base/text.ts';
import { addDays, HOUR_MS } from '../../../lib/base/time.ts';
import { NOT_LOOKED } from '../../../lib/reconcile/judgeHour.ts';
import { dueDay } from '../../../lib/reconcile/lastNight.ts';
import type { ReceivedHour } from '../../../lib/reconcile/receivedHours.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { finding } from '../catalogue.ts';
import { type Findings, failedAt, type Place } from './place.ts';

/** Nights that should have judged the day before them, or hours that were open, and have not, or not by rows. */
export function* missingNights(facts: StatusFacts, { config, now, commands }: Place): Findings {
  const { lastNight } = facts;
  const receivedHours = facts.receivedHours ?? [];
  if (!config.reconcile || lastNight === null) return;
  // A night that began within the last hour may still run.
  const due = dueDay(now - HOUR_MS);
  const dueAt = Date.parse(`${addDays(due, 1)}T00:00:00Z`);
  const waiting = daysOf(receivedHours.filter((row) => isUnlooked(row, dueAt)));
  if (lastNight.day >= due && waiting.length === 0) return;
  const failed = failedAt(facts, 'reconcile');
  const newestDay = lastNight.at === null ? 'none' : lastNight.day;
  const newest =
    lastNight.at === null ? 'none is' : `${newestDay} the newest that is, last at ${lastNight.at}`;
  const open = waiting.length === 0 ? '' : ` Hours of ${listed(waiting)} were not looked at.`;
  const told = {
    case: failed === '' ? 'silent' : 'failed',
    title:
      waiting.length > 0
        ? `Hours of ${counted(waiting.length, 'day')} wait to be judged, the newest ${waiting.toSorted().at(-1)}`
        : `The hours of ${due} are not judged; the newest day that is judged is ${newestDay}`,
    since: lastNight.at,
    detail: `${due} is the newest day that should be judged, and ${newest}.${open}${failed}`,
  } as const;
  const unread = daysOf(receivedHours.filter(({ why }) => why === NOT_LOOKED));
  const looks = unread
    .slice(0, MOST_COMMANDS)
    .map((day) => commands.sluice('reconcile', '--deep', '--day', day));
  yield finding('SLUICE_FINDING_NIGHT_MISSING', told, [
    commands.sluice('doctor', '--drift'),
    ...(looks.length > 0 ? looks : [commands.sluice('reconcile', '--day', due)]),
  ]);
}

/** The days of hours, each once, in their order. */
function daysOf(rows: readonly ReceivedHour[]): readonly string[] {
  return [...new Set(rows.map(({ ds }) => ds))];
}

/**
 * Whether a night has not looked at the rows that it needed, or the night that was due has not looked at an open hour.
 *
 * @param dueAt The midnight before the night that was due, epoch milliseconds.
 */
function isUnlooked({ state, why, checked_at }: ReceivedHour, dueAt: number): boolean {
  if (why === NOT_LOOKED) return true;
  if (state !== 'open' || checked_at === undefined) return false;
  return Date.parse(`${checked_at.replace(' ', 'T')}Z`) < dueAt;
}
