import { GetTableCommand } from '@aws-sdk/client-glue';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import type { CuratedDays, DayRange } from '../../../lib/views/curatedDays.ts';
import { fitCuratedView, readCuratedDays, viewKinds } from '../../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../../lib/views/prestoView.ts';
import type { ViewName } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../explainAwsError.ts';
import { sent } from '../tables/tables.ts';

/** The days of a table that a view reads from the curated table, by the view's own text. */
export interface ViewDays {
  readonly view: ViewName;
  /** Whether a day is one of them; none if the text is not of this configuration, or there is no such view. */
  readonly has: (day: UtcDay) => boolean;
}

/** Reads the texts of all views that read rows of a table: the permission of any reader is enough. */
export async function readViewDays(
  deployment: Pick<Deployment, 'glue' | 'config' | 'signal'>,
  kind: ForwardedKind,
): Promise<readonly ViewDays[]> {
  const names = viewNames.filter((name) => viewKinds[name].includes(kind));
  return Promise.all(
    names.map(async (view): Promise<ViewDays> => {
      const ranges = (await readView(deployment, view))?.[kind] ?? [];
      return { view, has: (day) => hasDay(ranges, day) };
    }),
  );
}

/**
 * The views that leave out a day of the list, because their text has no room for it: they name as many of the newest ranges
 * as it holds.
 */
export function findNoRoom(
  config: Parameters<typeof fitCuratedView>[0],
  lists: Readonly<Record<ForwardedKind, Readonly<Record<UtcDay, unknown>>>>,
): (kind: ForwardedKind, day: UtcDay) => readonly ViewName[] {
  const days = { exposures: Object.keys(lists.exposures), events: Object.keys(lists.events) };
  const fitted = viewNames.map((name) => [name, fitCuratedView(config, name, days)] as const);
  const short = fitted.filter(([, { leftOut }]) => leftOut > 0);
  return (kind, day) =>
    short.flatMap(([name, { curated }]) =>
      viewKinds[name].includes(kind) && day in lists[kind] && !hasDay(curated[kind], day) ? [name] : [],
    );
}

function hasDay(ranges: readonly DayRange[], day: UtcDay): boolean {
  return ranges.some(({ from, to }) => from <= day && day <= to);
}

async function readView(
  { glue, config, signal }: Pick<Deployment, 'glue' | 'config' | 'signal'>,
  Name: ViewName,
): Promise<CuratedDays | null> {
  const asked = new GetTableCommand({ DatabaseName: config.database, Name });
  const found = await ifThere(glue.send(asked, ...sent(signal)));
  const sql = readPrestoView(found?.Table?.ViewOriginalText ?? '')?.originalSql;
  return sql === undefined ? null : readCuratedDays(config, Name, sql);
}
