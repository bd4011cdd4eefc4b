import { flatten } from '../json/flatten.ts';
import type { UtcDay } from '../time/utcDay.ts';

let lastDay: UtcDay = '';
let lastMember = '';

/** The end of a document: the day that its folder is chosen by. The same for most documents of a batch. */
export function dsMember(day: UtcDay): string {
  if (day !== lastDay) {
    lastDay = day;
    lastMember = flatten(`,"ds":"${day}"}`);
  }
  return lastMember;
}
