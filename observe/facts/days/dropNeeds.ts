import type { DatasetDays, DropDay } from './dropDays.ts';
import type { ExportDays } from './exportDays.ts';
import { misnamedDays } from './misnamedDays.ts';

/** Whether a person has to do something: at once (`problem`), or to know of it (`warning`). */
export type Need = 'problem' | 'warning';

/** What a dataset needs, as the findings of `sluice status` are; null if it needs nobody. */
export function needOf(drops: DatasetDays): Need | null {
  const {
    lastLook,
    isLookOld,
    late,
    waiting,
    newer,
    lacking,
    days,
    firstDay,
    unread = [],
    forgotten = [],
  } = drops;
  const needs = days.map(dayNeed);
  const hasProblem =
    late.length + lacking.length + unread.length + forgotten.length > 0 ||
    lastLook?.failure !== undefined ||
    lastLook?.stopped === true ||
    waiting.some(({ day, isLacking, cure }) => isLacking && day < firstDay && cure !== 'load') ||
    needs.includes('problem');
  if (hasProblem) return 'problem';
  const isElsewhere = lastLook?.elsewhere?.ahead !== undefined || misnamedDays(drops) !== null;
  const isOdd = isLookOld || newer.length > 0 || isElsewhere;
  return isOdd || waiting.some(({ isLacking }) => isLacking) || needs.includes('warning') ? 'warning' : null;
}

/** What an export needs; null if it needs nobody. */
export function exportNeed({ days }: ExportDays): Need | null {
  const needs = days.map(dayNeed);
  if (needs.includes('problem')) return 'problem';
  return needs.includes('warning') ? 'warning' : null;
}

/** What a day needs by itself; null if it needs nobody. */
function dayNeed({ failing, missingSince, unusual, leftOut, receipt, kept }: DropDay): Need | null {
  if (failing !== null || missingSince !== null) return 'problem';
  const isOdd = unusual !== null || leftOut.count > 0 || receipt !== null || kept > 0;
  return isOdd ? 'warning' : null;
}

/** Whether a day is shown although it is older than the days that were asked for: it needs somebody, or is not done. */
export function isShownAlways(dropDay: DropDay): boolean {
  const { state, lateSince, lackingSince, waiting } = dropDay;
  const isOpen = state === 'waiting' || state === 'loading' || waiting !== null;
  return isOpen || lateSince !== null || lackingSince !== null || dayNeed(dropDay) !== null;
}
