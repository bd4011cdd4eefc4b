import { TELEMETRY_EVENTS } from '../wire/sdkEvents.ts';

/** The two lists that a body may have. */
export type ItemList = 'events' | 'exposures';

/** Why a valid item does not land; null when it lands, or has no name. */
export type EventFilter = (item: unknown, list: ItemList) => IgnoredReason | null;

/** By which names an item is chosen. */
export interface ItemNames {
  /** Which of the configured lists it is in. */
  readonly kind: ItemList;
  /** All names of the item. */
  readonly names: readonly string[];
}

/**
 * Makes the filter of the configured lists; null when there are none. It checks items before they are validated, so that an
 * event that must not be stored does not get into quarantine either.
 *
 * @param lists Lists of custom events by name, and of exposures by gate, config, experiment or layer.
 * @param namesOf The names of an item as it was sent; null for one that has none.
 */
export function eventFilter(
  lists: { readonly events: NameLists; readonly exposures: NameLists },
  namesOf: (item: unknown, list: ItemList) => ItemNames | null,
): EventFilter | null {
  const listed = [lists.events, lists.exposures].some(
    ({ allow, deny }) => allow !== undefined || deny.length > 0,
  );
  if (!listed) return null;
  const filters = { events: new NameFilter(lists.events), exposures: new NameFilter(lists.exposures) };
  return (item, list) => {
    const found = namesOf(item, list);
    if (found === null || filters[found.kind].passes(found.names)) return null;
    return found.kind === 'events' ? 'event_filtered' : 'exposure_filtered';
  };
}

/** Lists of names in the configuration: exact, or `prefix*`. */
interface NameLists {
  /** Only these; absent: all. */
  readonly allow?: readonly string[] | undefined;
  /** None of these, even if they are allowed. */
  readonly deny: readonly string[];
}

/**
 * Says what a name in such a list should have been, if it cannot match; otherwise null.
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

class Names {
  readonly #exact: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
    this.#prefixes = patterns
      .filter((pattern) => pattern.endsWith('*'))
      .map((pattern) => pattern.slice(0, -1));
  }

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
export type IgnoredReason = (typeof REASONS)[number];

/** Every reason for ignoring an event. The list is closed, so that metrics can use it as a dimension. */
export const ignoredReasons: readonly string[] = [...REASONS, ...TELEMETRY_EVENTS];
