import { sum } from '../../../lib/base/sum.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import type { Period } from '../../../observe/facts/flow/overTime.ts';
import type { Status } from '../../../observe/findings/status.ts';
import type { Figure, Tone } from '../parts/figures.ts';
import { formatSpan } from '../parts/format.ts';
import { sumOf } from '../parts/sumOf.ts';

/** The windows of the charts, by their days. */
export const WINDOWS = [
  ['1', '24 hours'],
  ['7', '7 days'],
] as const;

/** Figures of one window, which the card names. */
export type FigureCard = readonly [path: string, name: string, span: string, figures: readonly Figure[]];

/**
 * Figures of the way of an event from the SDK to a query. Before the first answer they are not known.
 *
 * @param periods The periods that the charts show.
 * @param days How many days they cover.
 */
export function statusCards(
  status: Status | undefined,
  periods: readonly Period[],
  days: string,
): readonly FigureCard[] {
  const { lastHour, lastRequestAt, waiting, partitions, tables, relay, at = '' } = status ?? {};
  const { buffered, landing } = waiting ?? {};
  return [
    [
      '/live',
      'Requests',
      `last ${WINDOWS.find(([choice]) => choice === days)?.[1]}`,
      [
        ['202', sumOf(periods, 'accepted')],
        countFigure('refused, 4xx', sumOf(periods, 'refused'), 'warning'),
        countFigure('503', sumOf(periods, 'failed'), 'bad'),
        countFigure('5xx without the collector', sumOf(periods, 'unreached'), 'bad'),
      ],
    ],
    [
      '/sql',
      'Events',
      'last hour',
      [
        ['accepted', lastHour?.landed],
        countFigure('quarantined', lastHour?.quarantined, 'warning'),
        ...(tables ?? NO_ROWS).map(({ table, rowsLastHour }): Figure => [`rows of ${table}`, rowsLastHour]),
      ],
    ],
    [
      '/tables',
      'Waiting',
      'now',
      [
        ['in the buffer', buffered?.count],
        ['oldest of it', ago(buffered?.oldest, at)],
        ['objects in landing/', landing?.count],
        countFigure('days without partition', partitions?.gaps.length, 'bad'),
        ...(relay == null
          ? []
          : [
              countFigure('relay waits', relay.waiting.count, 'plain'),
              countFigure('relay refused', sum(relay.refused.map(({ count }) => count)), 'bad'),
            ]),
      ],
    ],
    [
      '/tables',
      'Newest',
      'how long ago',
      [
        ['request', ago(lastRequestAt, at)],
        ...(tables ?? NO_ROWS).map(({ table, newestRowAt }): Figure => [table, ago(newestRowAt, at)]),
      ],
    ],
  ];
}

/** A count with a tone of its own if it is more than 0. Null and undefined are not known. */
export function countFigure(name: string, count: number | null | undefined, tone: Tone): Figure {
  return [name, count, (count ?? 0) > 0 ? tone : 'plain'];
}

/** What is shown of tables before the first answer. */
const NO_ROWS = tableKinds.map((table) => ({ table, newestRowAt: null, rowsLastHour: null }));

/** `3 min`, by the time of the deployment. */
function ago(at: string | null | undefined, now: string): string {
  if (at === null || at === undefined) return '–';
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 1_000 ? 'now' : formatSpan(ms);
}
