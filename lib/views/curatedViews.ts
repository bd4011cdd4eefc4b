import type { UtcDay } from '../base/time.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { type CuratedDays, dayRanges } from './curatedDays.ts';
import { rangesIn } from './curatedRows.ts';
import { prestoViewText } from './prestoView.ts';
import type { View, ViewConfig, ViewName } from './View.ts';
import { views } from './views.ts';

/** Limits of a view's text. */
const VIEW_LIMITS = {
  /** Characters of `ViewOriginalText`: https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html */
  glueCharacters: 409_600,
  /** Bytes of a query: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
  athenaBytes: 262_144,
  /**
   * Ranges of days of a table. This limit is ours: each late file makes one more range, until its day is curated again.
   */
  ranges: 100,
} as const;

/**
 * The tables whose rows a view itself reads: the view has a list of curated days for each. A view with an empty list
 * reads another view.
 */
export const viewKinds: Readonly<Record<ViewName, readonly ForwardedKind[]>> = {
  experiment_exposures: ['exposures'],
  first_exposures: ['exposures'],
  product_events: ['events'],
  secondary_exposures: ['exposures'],
  daily_exposures: [],
};

/** A view with a list of curated days. */
interface FittingView {
  /** The view, with the SQL that reads these days. */
  readonly view: View;
  /** The days that it reads from curated tables. */
  readonly curated: CuratedDays;
}

/**
 * A view that reads days from curated tables, as many of the newest ranges as its text has room for in the limits above.
 *
 * A view that is longer than a query may be even without any days is bounded by Glue only: its text is never a query.
 *
 * @param days Days by table, also of tables that the view does not read.
 */
export function fitCuratedView(
  config: ViewConfig,
  name: ViewName,
  days: Readonly<Record<ForwardedKind, Iterable<UtcDay>>>,
): FittingView {
  const rangesOf = (kind: ForwardedKind) => (viewKinds[name].includes(kind) ? dayRanges(days[kind]) : []);
  const all = { exposures: rangesOf('exposures'), events: rangesOf('events') };
  const newest = (most: number): CuratedDays => ({
    exposures: all.exposures.slice(0, most),
    events: all.events.slice(0, most),
  });
  const isQuery = isQueryLength(views(config)[name]);
  let count = Math.min(VIEW_LIMITS.ranges, Math.max(all.exposures.length, all.events.length));
  for (;;) {
    const curated = newest(count);
    const view = views(config, curated)[name];
    const isStored = prestoViewText(view, config.database).length <= VIEW_LIMITS.glueCharacters;
    if (count === 0 || (isStored && (!isQuery || isQueryLength(view)))) return { view, curated };
    count -= Math.ceil(count / 10);
  }
}

/** Whether Athena takes the SQL of a view. */
function isQueryLength({ sql }: View): boolean {
  return Buffer.byteLength(sql) <= VIEW_LIMITS.athenaBytes;
}

/**
 * The curated days in the text of a view, in the same ranges with which it was made.
 *
 * @param sql Its `originalSql`.
 * @returns null if the text is not what this configuration makes for any days: it is from another version, or by hand.
 */
export function readCuratedDays(config: ViewConfig, name: ViewName, sql: string): CuratedDays | null {
  const curated: CuratedDays = {
    exposures: rangesIn(config, 'exposures', sql),
    events: rangesIn(config, 'events', sql),
  };
  return views(config, curated)[name].sql === sql ? curated : null;
}
