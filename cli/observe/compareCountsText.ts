import { visibleLine } from '../../lib/base/text.ts';
import { queryCost, usd } from '../../observe/prices.ts';
import type { ComparedCount, ComparedCounts } from '../../observe/reconcile/compareCounts.ts';
import { textTable } from '../terminal/output.ts';

/** Names that the text lists; `--json` has all. */
const NAMES_SHOWN = 30;

/** A comparison as `--json` prints it. */
export function compareJson({
  agrees,
  tolerance,
  from,
  to,
  unit,
  names,
  days,
  onlyHere,
  notes,
}: ComparedCounts) {
  return { agrees, tolerance, from, to, unit, names, days, only_here: onlyHere, notes };
}

/** A comparison for people. */
export function compareText(
  { agrees, tolerance, from, to, names, days, onlyHere, notes, scannedBytes }: ComparedCounts,
  { isLocal }: { readonly isLocal: boolean },
): string {
  const shown = names.slice(0, NAMES_SHOWN);
  const off = [...names, ...days].filter((one) => !one.agrees);
  const lines = [
    ...(names.length > shown.length
      ? [`${names.length - shown.length} more names, which differ less: --json lists all.`]
      : []),
    ...onlyHere.map(({ name, here }) => `note     ${visibleLine(name)}: ${here} here, not in the list.`),
    ...notes.map((note) => `note     ${note}`),
    ...reasons(off),
    agrees
      ? `${from} to ${to}: ${names.length} ${names.length === 1 ? 'name agrees' : 'names agree'} within ${tolerance} %.`
      : `${from} to ${to}: ${off.length} of ${names.length + days.length} counts differ by more than ${tolerance} %.`,
    ...(isLocal
      ? []
      : [
          `Athena read ${scannedBytes.toLocaleString('en-US')} bytes, about ${usd(queryCost(scannedBytes))}.`,
        ]),
  ];
  const byName = shown.map((one) => ({ kind: one.kind, name: one.name, ...figures(one) }));
  const byDay = days.map((one) => ({ kind: one.kind, day: one.day, ...figures(one) }));
  return `${textTable(byName)}\n${textTable(byDay)}\n${lines.join('\n')}\n`;
}

function figures({ statsig, here, difference, agrees }: ComparedCount) {
  const most = Math.max(statsig, here);
  const percent = most === 0 ? 0 : (difference / most) * 100;
  return {
    statsig,
    here,
    difference,
    percent: `${percent > 0 ? '+' : ''}${percent.toFixed(2)} %`,
    '': agrees ? '' : 'DIFFERS',
  };
}

/** Where to look, by the side that has less. */
function reasons(off: readonly ComparedCount[]): string[] {
  const lines: string[] = [];
  if (off.some(({ difference }) => difference > 0))
    lines.push(
      'Fewer at Statsig: copies that wait or were refused (sluice status), filters and share of relay, names that Statsig drops, a list by another time zone than UTC.',
    );
  if (off.some(({ difference }) => difference < 0))
    lines.push(
      'More at Statsig: resends, which count once here; senders whose log URL is not changed; events here in quarantine (sluice quarantine).',
    );
  return lines;
}
