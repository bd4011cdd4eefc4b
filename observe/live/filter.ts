import type { Config } from '../../lib/schema/config.ts';
import type { LiveEntry, LiveEvent, LiveFilter, LiveRequest } from '../facts/flow/liveEntries.ts';
import { isAbout } from '../facts/tables/tracedRows.ts';

/** Whether a filter selects anything. */
function isFiltering(filter: LiveFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined && value !== false);
}

/** Decides which entries are shown. */
export function liveMatcher(
  filter: LiveFilter,
  config: Pick<Config, 'unitIds'>,
): (entry: LiveEntry) => boolean {
  const { only, user, event, experiment, sdk, code, status, errors } = filter;
  const isFiltered = isFiltering(filter);
  return (entry) => {
    if (!isFiltered) return true;
    if (only === (entry.type === 'request' ? 'rows' : 'requests')) return false;
    if (sdk !== undefined && !fits(entry.sdk_type, sdk)) return false;
    if (entry.type === 'request') {
      if (user !== undefined || event !== undefined || experiment !== undefined) return false;
      if (errors === true && !isProblem(entry)) return false;
      if (code !== undefined && !codesOf(entry).some((one) => fits(one, code))) return false;
      return status === undefined || fitsStatus(entry.status, status);
    }
    if (status !== undefined || (errors === true && entry.kind !== 'quarantine')) return false;
    if (code !== undefined && !fits(entry.code, code)) return false;
    if (user !== undefined && !isAbout(entry.row ?? {}, { unit: user }, config.unitIds)) return false;
    if (event !== undefined && (entry.kind === 'exposures' || !fits(entry.name, event))) return false;
    return experiment === undefined || isExposureOf(entry, experiment);
  };
}

/** Whether a request had a problem, of the whole of it or of a part. */
function isProblem({ status, refused, overflowed }: LiveRequest): boolean {
  return status >= 400 || overflowed > 0 || Object.keys(refused).length > 0;
}

function codesOf({ code, refused, ignored_as, not_streamed }: LiveRequest): (string | null)[] {
  const why = not_streamed?.split(': ') ?? [];
  return [code, ...why, ...[refused, ignored_as].flatMap((counts) => Object.keys(counts))];
}

function isExposureOf({ kind, row }: LiveEvent, experiment: string): boolean {
  if (kind !== 'exposures') return false;
  return ['experiment_id', 'layer_id', 'allocated_experiment'].some((column) => {
    const name = row?.[column];
    return typeof name === 'string' && fits(name, experiment);
  });
}

function fits(text: string | null, wanted: string): boolean {
  if (text === null) return false;
  return wanted.endsWith('*') ? text.startsWith(wanted.slice(0, -1)) : text === wanted;
}

/** @param wanted `401`, or `4xx`. */
function fitsStatus(status: number, wanted: string): boolean {
  return /^\dxx$/i.test(wanted) ? String(status)[0] === wanted[0] : String(status) === wanted;
}
