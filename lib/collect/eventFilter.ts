import { isJsonObject } from '../json/JsonObject.ts';
import { EvaluationText } from '../wire/EvaluationText.ts';
import type { ResolvedName } from '../wire/experimentNames.ts';
import { EXPOSURE_KINDS } from './exposureRow.ts';
import type { IgnoredReason } from './ignoredReasons.ts';
import { NameFilter, type NameLists } from './NameFilter.ts';
import { scalarText } from './scalarText.ts';

/** Why a raw event does not land though nothing is wrong with it; null when it does, or names nothing. */
export type EventFilter = (event: unknown) => IgnoredReason | null;

/**
 * Makes the filter of the configured lists, or null when there are none. It looks at raw events, before they are
 * validated: one that must not be stored is not stored in quarantine either.
 *
 * @param lists Of custom events by name, and of exposures by gate, config, experiment or layer.
 * @param resolve Makes real names of hashed ones.
 */
export function eventFilter(
  lists: { readonly events: NameLists; readonly exposures: NameLists },
  resolve: (sent: string) => ResolvedName,
): EventFilter | null {
  const listed = [lists.events, lists.exposures].some(
    ({ allow, deny }) => allow !== undefined || deny.length > 0,
  );
  if (!listed) return null;
  const events = new NameFilter(lists.events);
  const exposures = new NameFilter(lists.exposures);
  return (event) => {
    if (!isJsonObject(event)) return null;
    const { eventName, metadata: sent } = event;
    if (typeof eventName !== 'string' || eventName === '') return null;
    const kind = EXPOSURE_KINDS.get(eventName);
    if (kind === undefined) return events.passes([eventName]) ? null : 'event_filtered';
    if (!isJsonObject(sent)) return null;
    const metadata = EvaluationText.parsed(sent);
    const name = scalarText(metadata[kind === 'gate' ? 'gate' : 'config']);
    if (name === null || name === '') return null;
    const allocated = kind === 'layer' ? scalarText(metadata['allocatedExperiment']) : null;
    const names = allocated === null || allocated === '' ? [name] : [name, resolve(allocated).name];
    return exposures.passes(names) ? null : 'exposure_filtered';
  };
}
