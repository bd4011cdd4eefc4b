import type {
  CuratedCalendar,
  CuratedDayState,
  CuratedDayStatus,
} from '../../observe/facts/days/curatedDays.ts';
import type { CurateRequested } from '../../operate/curate/requests.ts';
import { textTable } from '../terminal/output.ts';
import { counted } from './words.ts';

/** The calendar of curated days for people: a table for each curated table, the newest day first. */
export function curatedText({ isOn, curateAfter, firstYoung, tables }: CuratedCalendar): string {
  const head = isOn
    ? `A day is curated ${counted(curateAfter, 'day')} after its end: now those before ${firstYoung}.\n`
    : 'Days are not curated: the configuration has `curate: false`. Views read the raw tables.\n';
  const parts = tables.map(({ table, rawTable, listed, leftOut, days }) => {
    const room =
      leftOut === 0
        ? ''
        : ` ${counted(leftOut, 'day')} of these ${leftOut === 1 ? 'is' : 'are'} left out of the text of some views, which has no room for more ranges of days: these views read ${leftOut === 1 ? 'it' : 'them'} from ${rawTable}.`;
    const about = `${table}: views read ${counted(listed, 'day')} from it, and all others from ${rawTable}.${room}`;
    return `${about}\n${days.length === 0 ? 'No day of these has rows.\n' : textTable(days.map(dayRow))}`;
  });
  return [head, ...parts].join('\n');
}

const VIEWS_READ: Readonly<Partial<Record<CuratedDayState, string>>> = {
  curated: 'curated',
  left_out: 'both',
};

function dayRow({ day, state, account, why }: CuratedDayStatus) {
  return {
    day,
    'views read': VIEWS_READ[state] ?? 'raw',
    'raw rows': account?.rawRows ?? null,
    rows: account?.rows ?? null,
    resends: account?.resends ?? null,
    differing: account?.differing ?? null,
    state: state.replace('_', ' '),
    note: why,
  };
}

/** Formats the requested days, a line for each table. */
export function askedText({ asked }: CurateRequested): string {
  return textTable(
    asked.map(({ table, from, to, days }) => ({ table, from: from ?? '', to: to ?? '', days })),
  );
}
