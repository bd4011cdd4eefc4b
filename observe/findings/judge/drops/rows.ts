import { counted, listed, MOST_NAMED } from '../../../../lib/base/text.ts';
import { isoTimestamp } from '../../../../lib/base/time.ts';
import { versionTime } from '../../../../lib/ledger/versions.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import type { DatasetDays, DropDay } from '../../../facts/days/dropDays.ts';
import { finding } from '../../catalogue.ts';
import { sinceOf } from '../days/dayTexts.ts';
import type { Findings } from '../place.ts';
import { commandDays, otherDays } from '../texts.ts';
import type { Dataset } from './dataset.ts';

/** When the version of a day was made, epoch milliseconds; null of a day without one. */
export function loadedAt({ version }: DropDay): number | null {
  return version === null ? null : versionTime(version);
}

/** `2026-11-20, 30 of 40 rows of 1 file, loaded at 2026-11-20T08:15:00.123Z,`; of a day without a version the day alone. */
function loadedText(loaded: DropDay): string {
  const { day, rows, loadedFiles } = loaded;
  const time = loadedAt(loaded);
  if (time === null) return day;
  return `${day}, ${rows.out} of ${counted(rows.in, 'row')} of ${counted(loadedFiles, 'file')}, loaded at ${isoTimestamp(time)},`;
}

/** Days that are not as those before them, by that in which they differ. */
export function* unusualRows(
  { days }: DatasetDays,
  { name, explain, backfill, accept, status }: Dataset,
): Findings {
  const unusual = days.filter((day) => day.unusual !== null).toReversed();
  const kindOf = ({ unusualParts: [first], empty, leftOut }: DropDay) => {
    if (empty === null) return first?.kind ?? 'rows';
    return leftOut.count > 0 ? 'leftOut' : 'empty';
  };
  for (const [kind, alike] of Map.groupBy(unusual, kindOf)) {
    const [newest] = alike;
    if (newest === undefined) continue;
    const { day, unusual: words, unusualParts, empty } = newest;
    const unusualDays = alike.map((other) => other.day);
    const earlier = alike.slice(1).map((other) => `${other.day} ${other.unusual}`);
    const also = earlier.length === 0 ? '' : `; ${listed(earlier, '; ')}`;
    // Nobody accepts a day whose words are not told: the newest, and those that the detail lists.
    const told = unusualDays.slice(0, MOST_NAMED + 1);
    const { ranges, left } = commandDays(unusualDays, status(unusualDays.at(-1)), told);
    const [first] = unusualParts;
    const others = unusualParts.length - 1;
    const more = others < 1 ? '' : `, and differs in ${counted(others, 'other point')}`;
    const backfills = ranges.map(({ from, to }) => backfill(from, to));
    const what = empty === null ? 'keep' : 'empty';
    const accepts = ranges.map(({ from, to }) => accept(what, from, to));
    const isOfValues = kind === 'values' || kind === 'mapping';
    yield finding(
      'SLUICE_FINDING_ROWS_UNUSUAL',
      {
        case: kind,
        title: `${name}: ${loadedText(newest)} ${first?.short ?? words}${more}${otherDays(alike.length)}`,
        since: sinceOf(alike.map(loadedAt)) ?? day,
        detail: `${name}: ${loadedText(newest)} ${words}${also}.${left}`,
      },
      [
        ...unusualDays.slice(0, MOST_COMMANDS).map(explain),
        ...(isOfValues ? backfills : []),
        ...(kind === 'leftOut' ? [] : accepts),
      ],
    );
  }
}

/** Days with objects that are not loaded. */
export function* leftOutFiles({ days }: DatasetDays, { name, explain }: Dataset): Findings {
  const leftOut = days.filter((day) => day.leftOut.count > 0).toReversed();
  for (const newest of leftOut.slice(0, 1)) {
    const text = `${name}: ${loadedText(newest)} ${newest.leftOut.words}${otherDays(leftOut.length)}`;
    const since = sinceOf(leftOut.map(loadedAt)) ?? newest.day;
    const left = `left out ${counted(newest.leftOut.count, 'object')}`;
    const title = `${name}: ${loadedText(newest)} ${left}${otherDays(leftOut.length)}`;
    const explained = leftOut.slice(0, MOST_COMMANDS).map(({ day }) => explain(day));
    yield finding('SLUICE_FINDING_FILES_LEFT_OUT', { title, since, detail: `${text}.` }, explained);
  }
}
