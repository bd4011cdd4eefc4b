import { sum } from '../../../lib/base/sum.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import type { Period } from '../../../observe/facts/flow/overTime.ts';
import type { Status } from '../../../observe/findings/status.ts';
import type { Figure, Tone } from '../parts/figures.ts';
import { sumOf } from '../parts/sumOf.ts';
import { formatSpan } from '../texts/format.ts';

/** The windows of the charts: how many days, and the words for them. */
export const WINDOWS = [
  ['1', '24 hours'],
  ['7', '7 days'],
] as const;

/** Figures of one window of time. */
export interface FigureCard {
  /** The page that tells more: `/live`. */
  readonly path: string;
  /** What the figures are of. */
  readonly name: string;
  /** The window, in words. */
  readonly span: string;
  /** The figures, in their order on the card. */
  readonly figures: readonly Figure[];
}

/**
 * Figures of the way of an event from the SDK to a query.
 *
 * @param status Undefined before the first answer: then only the figures of periods are known.
 * @param periods The periods that the charts show.
 * @param days How many days they cover, as the address has it: mostly a choice of {@link WINDOWS}.
 */
export function statusCards(
  status: Status | undefined,
  periods: readonly Period[],
  days: string,
): readonly FigureCard[] {
  const { lastHour, lastRequestAt, waiting, partitions, tables, relay, at = '' } = status ?? {};
  const { buffered, landing } = waiting ?? {};
  const [, span = `${days} days`] = WINDOWS.find(([choice]) => choice === days) ?? [];
  return [
    {
      path: '/live',
      name: 'Requests',
      span: `last ${span}`,
      figures: [
        ['202', sumOf(periods, 'accepted')],
        countFigure('refused, 4xx', sumOf(periods, 'refused'), 'warning'),
        countFigure('503', sumOf(periods, 'failed'), 'bad'),
        countFigure('5xx without the collector', sumOf(periods, 'unreached'), 'bad'),
      ],
    },
    {
      path: '/sql',
      name: 'Events',
      span: 'last hour',
      figures: [
        ['accepted', lastHour?.landed],
        countFigure('quarantined', lastHour?.quarantined, 'warning'),
        ...(tables ?? NO_ROWS).map(({ table, rowsLastHour }): Figure => [`rows of ${table}`, rowsLastHour]),
      ],
    },
    {
      path: '/tables',
      name: 'Waiting',
      span: 'now',
      figures: [
        ['in the buffer', buffered?.count],
        ['oldest of it', ago(buffered?.oldest, at)],
        ['objects in landing/', landing?.count],
        countFigure('partitions missing or wrong', partitions?.gaps.length, 'bad'),
        ...(relay == null
          ? []
          : [
              countFigure('relay waits', relay.waiting.count, 'plain'),
              countFigure('relay refused', sum(relay.refused.map(({ count }) => count)), 'bad'),
            ]),
      ],
    },
    {
      path: '/tables',
      name: 'Newest',
      span: 'how long ago',
      figures: [
        ['request', ago(lastRequestAt, at)],
        ...(tables ?? NO_ROWS).map(({ table, newestRowAt }): Figure => [table, ago(newestRowAt, at)]),
      ],
    },
  ];
}

/** A count with a tone of its own if it is more than 0. Null and undefined are not known. */
export function countFigure(name: string, count: number | null | undefined, tone: Tone): Figure {
  return [name, count, (count ?? 0) > 0 ? tone : 'plain'];
}

/** What is shown of tables before the first answer. */
const NO_ROWS = tableKinds.map((table) => ({ table, newestRowAt: null, rowsLastHour: null }));

/** `3 min`: how long before `now`, the time of the deployment, something was. Both ISO 8601; a dash if it is not known. */
function ago(at: string | null | undefined, now: string): string {
  if (at === null || at === undefined) return '–';
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 1_000 ? 'now' : formatSpan(ms);
}
