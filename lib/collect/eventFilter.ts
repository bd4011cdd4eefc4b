import { isJsonObject } from '../base/json.ts';
import { scalarText } from '../tables/memberWriter.ts';
import { EvaluationText } from '../wire/EvaluationText.ts';
import type { ResolvedName } from '../wire/experimentNames.ts';
import { EXPOSURE_KINDS, TELEMETRY_EVENTS } from '../wire/readEvent.ts';

/** Why a valid event does not land; null when it lands, or has no name. */
export type EventFilter = (event: unknown) => IgnoredReason | null;

/**
 * Makes the filter of the configured lists; null when there are none. It checks events before they are validated, so that an
 * event that must not be stored does not get into quarantine either.
 *
 * @param lists Lists of custom events by name, and of exposures by gate, config, experiment or layer.
 * @param resolve Resolves hashed names.
 */
export function eventFilter(
  lists: { readonly events: NameLists; readonly exposures: NameLists },
  resolve: (sent: string) => ResolvedName,
): EventFilter | null {
  const listed = [lists.events, lists.exposures].some(
    ({ allow, deny }) => allow !== undefined || deny.length > 0,
  );
  if (!listed) return null;
  const filters = { events: new NameFilter(lists.events), exposures: new NameFilter(lists.exposures) };
  return (event) => {
    const found = eventNames(event, resolve);
    if (found === null || filters[found.kind].passes(found.names)) return null;
    return found.kind === 'events' ? 'event_filtered' : 'exposure_filtered';
  };
}

/** By which names an event is chosen. */
interface EventNames {
  /** Which of the configured lists it is in. */
  readonly kind: 'events' | 'exposures';
  /** All names of the event. */
  readonly names: readonly string[];
}

/**
 * The names of a raw event: an exposure is chosen by its gate, config, experiment or layer, and by the experiment that
 * a layer allocated. Null for an event without a name.
 *
 * @param resolve Resolves hashed names.
 */
function eventNames(event: unknown, resolve: (sent: string) => ResolvedName): EventNames | null {
  if (!isJsonObject(event)) return null;
  const { eventName, metadata: sent } = event;
  if (typeof eventName !== 'string' || eventName === '') return null;
  const kind = EXPOSURE_KINDS.get(eventName);
  if (kind === undefined) return { kind: 'events', names: [eventName] };
  if (!isJsonObject(sent)) return null;
  const metadata = EvaluationText.parsed(sent);
  const name = scalarText(metadata[kind === 'gate' ? 'gate' : 'config']);
  if (name === null || name === '') return null;
  const allocated = kind === 'layer' ? scalarText(metadata['allocatedExperiment']) : null;
  const isAllocated = allocated !== null && allocated !== '';
  return { kind: 'exposures', names: isAllocated ? [name, resolve(allocated).name] : [name] };
}

/** Lists of names in the configuration: exact, or `prefix*`. */
export interface NameLists {
  /** Only these; absent: all. */
  readonly allow?: readonly string[] | undefined;
  /** None of these, even if they are allowed. */
  readonly deny: readonly string[];
}

/**
 * Says what a name in a list of the configuration should have been, if it cannot match; otherwise null.
 *
 * @param list `events` lists custom events; `exposures` lists gates, configs, experiments and layers.
 * @param name Exact, or `prefix*`.
 */
export function namePatternProblem(list: 'events' | 'exposures', name: string): string | null {
  if (name.trim() !== name) return `${JSON.stringify(name.trim())}, without white space around it`;
  if (list === 'events' && /^statsig::(?:gate|config|layer)_exposure$/.test(name)) {
    return 'a custom event; of exposures the list `exposures` has gates, configs, experiments and layers';
  }
  if (list === 'exposures' && name.startsWith('statsig::')) {
    return 'a gate, config, experiment or layer; `events` has custom events by name';
  }
  return null;
}

/**
 * The denied pattern because of which an allowed one never lands; undefined without one.
 *
 * @param allowed Exact, or `prefix*`.
 */
export function denyingPattern(allowed: string, deny: readonly string[]): string | undefined {
  return deny.find(
    (denied) => denied === allowed || (denied.endsWith('*') && allowed.startsWith(denied.slice(0, -1))),
  );
}

/** Decides which names land. */
export class NameFilter {
  readonly #allow: Names | null;
  readonly #deny: Names;

  constructor({ allow, deny }: NameLists) {
    this.#allow = allow === undefined ? null : new Names(allow);
    this.#deny = new Names(deny);
  }

  /**
   * Whether an item with these names lands: none of them is denied, and one of them is allowed.
   *
   * @param names All names of one item. The experiment that a layer allocated is also a name of the exposure.
   */
  passes(names: readonly string[]): boolean {
    if (names.some((name) => this.#deny.has(name))) return false;
    const allow = this.#allow;
    return allow === null || names.some((name) => allow.has(name));
  }
}

/** Names and patterns of names, as the configuration lists them. */
class Names {
  readonly #exact: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#exact = new Set(patterns);
    this.#prefixes = patterns
      .filter((pattern) => pattern.endsWith('*'))
      .map((pattern) => pattern.slice(0, -1));
  }

  /** Whether a name is one of them. */
  has(name: string): boolean {
    return this.#exact.has(name) || this.#prefixes.some((prefix) => name.startsWith(prefix));
  }
}

/**
 * Why a valid event is only counted: because of the configuration, or because it is an SDK's report of its own error.
 * Telemetry is counted under its own names.
 */
const REASONS = ['event_filtered', 'exposure_filtered', 'exception_report'] as const;

/** One of {@link ignoredReasons}, telemetry's names aside. */
type IgnoredReason = (typeof REASONS)[number];

/** Every reason for ignoring an event. The list is closed, so that metrics can use it as a dimension. */
export const ignoredReasons: readonly string[] = [...REASONS, ...TELEMETRY_EVENTS];
