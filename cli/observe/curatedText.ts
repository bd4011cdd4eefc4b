import { counted } from '../../lib/base/text.ts';
import type { CuratedCalendar, CuratedDayStatus } from '../../observe/facts/days/curatedCalendar.ts';
import { textTable } from '../terminal/tables.ts';

/** The calendar of curated days for people: a table for each curated table, the newest day first. */
export function curatedText({ isOn, curateAfter, firstYoung, tables }: CuratedCalendar): string {
  const areRead = tables.some(({ days }) => days.some(({ state }) => state === 'curated'));
  const off = areRead
    ? 'no day is curated any more. Views read those below until a deployment makes them read the raw tables'
    : 'days are not curated, and views read the raw tables';
  const head = isOn
    ? `A day is curated ${counted(curateAfter, 'day')} after its end: now those before ${firstYoung}.\n`
    : `The configuration has \`curate: false\`: ${off}.\n`;
  if (!isOn && !areRead) return head;
  const parts = tables.map(({ table, rawTable, listed, days }) => {
    const about = `${table}: views read ${counted(listed, 'day')} from it, and all others from ${rawTable}.`;
    return `${about}\n${days.length === 0 ? 'No day that is shown has rows.\n' : textTable(days.map(dayRow))}`;
  });
  return [head, ...parts].join('\n');
}

/** The line of a curated day. */
function dayRow({
  day,
  state,
  account,
  why,
}: CuratedDayStatus): Readonly<Record<string, string | number | null>> {
  return {
    day,
    state: state.replace('_', ' '),
    'raw rows': account?.rawRows ?? null,
    rows: account?.rows ?? null,
    resends: account?.resends ?? null,
    differing: account?.differing ?? null,
    note: why,
  };
}
