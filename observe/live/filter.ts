import { isAlwaysLogged } from '../../lib/collect/isAlwaysLogged.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { LiveEntry, LiveRequest } from '../facts/flow/liveEntries.ts';
import { isAbout } from '../facts/tables/tracedRows.ts';
import type { LiveFilter } from './LiveOptions.ts';

/** Makes the function that says whether an entry is shown. */
export function liveMatcher(
  { user, event, sdk, errors = false }: LiveFilter,
  { unitIds }: Pick<Config, 'unitIds'>,
): (entry: LiveEntry) => boolean {
  return (entry) => {
    if (sdk !== undefined && !fits(entry.sdk_type ?? 'unknown', sdk)) return false;
    if (entry.type === 'request')
      return user === undefined && event === undefined && (!errors || hasProblem(entry));
    if (errors && entry.kind !== 'quarantine') return false;
    if (user !== undefined && !isAbout(entry.row ?? {}, { unit: user }, unitIds)) return false;
    return event === undefined || fits(entry.name, event);
  };
}

/** Whether a request had a problem, of the whole of it or of a part. */
function hasProblem(request: LiveRequest): boolean {
  return request.overflowed > 0 || isAlwaysLogged(request);
}

/** Whether a text is the wanted one, or begins as it does if it ends with `*`. */
function fits(text: string | null, wanted: string): boolean {
  if (text === null) return false;
  return wanted.endsWith('*') ? text.startsWith(wanted.slice(0, -1)) : text === wanted;
}
