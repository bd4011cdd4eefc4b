import { visibleLine } from '../../lib/base/text.ts';
import type { AwaitedDay, AwaitedLoads, DayFate } from '../../observe/ingest/awaitLoads.ts';
import { textTable } from '../terminal/output.ts';

/** Formats the results of the days of a request: a line each, and the reasons in words below them. */
export function fatesText({ days, unlisted }: AwaitedLoads): string {
  const shown = days.filter(({ fate }) => fate !== 'untouched');
  const untouched = days.length - shown.length;
  const table =
    shown.length === 0
      ? ''
      : textTable(
          shown.map(({ source, dataset, day, fate, rows, failure, waitsFor }) => ({
            day: `${source}/${dataset} ${day}`,
            fate,
            in: rows?.in ?? null,
            out: rows?.out ?? null,
            refused: rows?.refused ?? null,
            why: failure?.code ?? waitsFor ?? '',
          })),
        );
  const reasons = [
    ...shown.flatMap(({ day, failure }) =>
      failure === null ? [] : [`${day}: ${failure.code}: ${failure.message}`],
    ),
    ...unlisted.map(
      ({ source, dataset, failure }) =>
        `${source}/${dataset} could not be listed: ${failure.code}: ${failure.message}`,
    ),
    ...(untouched === 0 ? [] : [`${counted(untouched)} without a change: no files, or the same as before.`]),
  ];
  return `${table}${reasons.map((reason) => `${visibleLine(reason)}\n`).join('')}`;
}

const ORDER: readonly DayFate[] = ['loaded', 'empty', 'failed', 'waiting', 'running', 'untouched'];

/** How far the days are, on one line: `12 of 31 days: 11 loaded, 1 failed, 19 running`. */
export function fatesProgress(days: readonly AwaitedDay[]): string {
  const count = (fate: DayFate) => days.filter((one) => one.fate === fate).length;
  const parts = ORDER.filter((fate) => count(fate) > 0).map((fate) => `${count(fate)} ${fate}`);
  return `Waiting for ${counted(days.length)}: ${parts.join(', ')}`;
}

function counted(days: number): string {
  return `${days} day${days === 1 ? '' : 's'}`;
}
