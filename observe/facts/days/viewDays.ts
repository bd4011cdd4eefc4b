import { GetTableCommand } from '@aws-sdk/client-glue';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import type { CuratedDays } from '../../../lib/views/curatedDays.ts';
import { readCuratedDays, viewKinds } from '../../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../../lib/views/prestoView.ts';
import type { ViewName } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../ifThere.ts';
import { untilAborted } from '../tables/tables.ts';

/** The days of a table that a view reads from the curated table, by the view's own text. */
export interface ViewDays {
  /** Name of the view. */
  readonly view: ViewName;
  /** Whether there is no such view, or its text is not of this configuration; null if neither. */
  readonly fault: 'missing' | 'other' | null;
  /** Whether a day is one of them; none of a view with a fault. */
  readonly has: (day: UtcDay) => boolean;
}

/**
 * Reads the texts of all views that read rows of a table: the permission of any reader is enough.
 *
 * @throws What Glue's client throws, but for a view that does not exist.
 */
export async function readViewDays(
  deployment: Pick<Deployment, 'glue' | 'config' | 'signal'>,
  kind: ForwardedKind,
): Promise<readonly ViewDays[]> {
  const names = viewNames.filter((name) => viewKinds[name].includes(kind));
  return Promise.all(
    names.map(async (view): Promise<ViewDays> => {
      const days = await readView(deployment, view);
      if (typeof days === 'string') return { view, fault: days, has: () => false };
      return { view, fault: null, has: (day) => days[kind].some(({ from, to }) => from <= day && day <= to) };
    }),
  );
}

/** The days of curated tables in the text of a view; `missing` without the view, `other` of a text that is not of this configuration. */
async function readView(
  { glue, config, signal }: Pick<Deployment, 'glue' | 'config' | 'signal'>,
  Name: ViewName,
): Promise<CuratedDays | 'missing' | 'other'> {
  const asked = new GetTableCommand({ DatabaseName: config.database, Name });
  const found = await ifThere(glue.send(asked, ...untilAborted(signal)));
  if (found === undefined) return 'missing';
  const sql = readPrestoView(found.Table?.ViewOriginalText ?? '')?.originalSql;
  return (sql === undefined ? null : readCuratedDays(config, Name, sql)) ?? 'other';
}
