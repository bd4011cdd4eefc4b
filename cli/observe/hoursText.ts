import { sum } from '../../lib/base/sum.ts';
import { counted } from '../../lib/base/text.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { ReceivedHour } from '../../lib/reconcile/receivedHours.ts';
import { lines } from '../terminal/phrases.ts';
import { textTable } from '../terminal/tables.ts';

/** What people see of an hour, in this order. */
const COLUMNS = [
  'hour',
  'table_name',
  'accepted',
  'finished',
  'refused',
  'not_delivered',
  'waiting_objects',
  'missing',
  'unproved',
  'state',
  'why',
] as const;

/** The hours with events, for people, and how many are in each state, and why. */
export function hoursText(day: UtcDay, hours: readonly ReceivedHour[]): string {
  const shown = hours.filter((row) => row.accepted + row.finished > 0);
  const rows = shown.map((row) => Object.fromEntries(COLUMNS.map((column) => [column, row[column]])));
  const stateOf = ({ state, why }: ReceivedHour) => (why === null ? state : `${state} (${why})`);
  const states = Object.entries(Object.groupBy(hours, stateOf));
  const inStates = states.map(([state, alike = []]) => `${alike.length} ${state}`).join(', ');
  const unproved = sum(hours.map((row) => row.unproved));
  return [
    rows.length === 0 ? '' : `${textTable(rows)}\n\n`,
    lines([`${day}, hours of a table: ${inStates}. ${counted(unproved, 'event')} unproved.`]),
  ].join('');
}
