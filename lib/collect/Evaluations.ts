import { flatten } from '../json/flatten.ts';
import type { JsonObject } from '../json/JsonObject.ts';
import type { NestedJson } from '../json/NestedJson.ts';
import { isPlain, quoteNested } from '../json/quoteJson.ts';
import { SortedMembers } from '../json/SortedMembers.ts';
import type { ResolvedName } from '../statsig/experimentNames.ts';
import type { MemberWriter } from '../tables/memberWriter.ts';
import { type ExposureKind, exposureRow } from './exposureRow.ts';

/** What an exposure's metadata puts into its document. */
export interface Evaluation {
  /** Members of the columns of what was evaluated. */
  readonly own: string;
  /** The metadata, as JSON inside a JSON string. */
  readonly metadata: string;
  /** Whether the allocated experiment's name could not be resolved. */
  readonly unresolved: boolean;
}

/** An evaluation with gaps where the metadata says when the rules were fetched. */
interface Outline {
  readonly own: string;
  /** Metadata around the gaps, one more than there are. */
  readonly around: readonly string[];
  readonly unresolved: boolean;
}

/** Members that say what was evaluated and how. There are few such evaluations: rules times answers. */
const WHAT = [
  'gate',
  'config',
  'ruleID',
  'gateValue',
  'rulePassed',
  'reason',
  'configVersion',
  'allocatedExperiment',
  'parameterName',
  'isExplicitParameter',
  'isManualExposure',
] as const;

/** Members that say when the rules were fetched, in the order of their keys: different for each device. */
const WHEN = ['configSyncTime', 'initTime', 'lcut', 'receivedAt', 'serverTime', 'time'] as const;

const SLOTS: ReadonlyMap<string, number> = new Map(
  [...WHAT, ...WHEN].map((name, slot): [string, number] => [name, slot]),
);

/** Values longer than this are nothing that repeats. */
const LONGEST_VALUE = 256;

/** Steps kept to outlines, 5 to 8 for each; then all are forgotten: gates, rules and versions come and go. */
const STEPS_AT_MOST = 20_000;

/** UTF-16 units kept with them: about 1,000 an outline as SDKs send them, but whoever sends may make them longer. */
const UNITS_AT_MOST = 8_000_000;

/** A value on the way to an outline; what follows it is what comes after that value. */
interface Step {
  readonly next: Map<unknown, Step>;
  /** The step taken last, and its value: mostly the same again, and comparing a text is quicker than hashing it. */
  lastValue: unknown;
  last: Step | undefined;
  outline: Outline | undefined;
}

/**
 * Writes what exposures put into their documents. The same evaluations come again and again, in all batches, apart
 * from the times at which a device fetched its rules: each is written once, with gaps for those times.
 */
export class Evaluations {
  readonly #resolve: (sent: string) => ResolvedName;
  readonly #own: MemberWriter;
  #first = newStep();
  #steps = 0;
  #units = 0;
  /** Of the metadata at hand, by slot. */
  readonly #values: unknown[] = Array(WHAT.length + WHEN.length).fill(undefined);

  /**
   * @param own Writes the columns of what was evaluated.
   * @param resolve Makes real names of hashed ones.
   */
  constructor(own: MemberWriter, resolve: (sent: string) => ResolvedName) {
    this.#own = own;
    this.#resolve = resolve;
  }

  /** @throws EventError `SLUICE_EVENT_BAD_EXPOSURE` when it names no gate, config or layer. */
  get(kind: ExposureKind, metadata: JsonObject, json: NestedJson): Evaluation {
    const present = this.#read(metadata);
    if (present < 0) return this.#write(kind, metadata, json);
    if (this.#steps > STEPS_AT_MOST || this.#units > UNITS_AT_MOST) {
      this.#first = newStep();
      this.#steps = 0;
      this.#units = 0;
    }
    let step = this.#follow(this.#follow(this.#first, kind), present);
    for (let slot = 0; slot < WHAT.length; slot += 1) {
      if (present & (1 << slot)) step = this.#follow(step, this.#values[slot]);
    }
    step.outline ??= this.#outline(kind, metadata, json);
    const { own, around, unresolved } = step.outline;
    let text = around[0] ?? '';
    let gap = 1;
    for (let slot = WHAT.length; slot < WHAT.length + WHEN.length; slot += 1) {
      if (present & (1 << slot)) {
        text += this.#values[slot];
        text += around[gap] ?? '';
        gap += 1;
      }
    }
    return { own, metadata: text, unresolved };
  }

  #follow(step: Step, value: unknown): Step {
    if (step.last !== undefined && step.lastValue === value) return step.last;
    const known = step.next.get(value);
    const next = known ?? newStep();
    step.lastValue = value;
    step.last = next;
    if (known !== undefined) return known;
    step.next.set(value, next);
    this.#steps += 1;
    if (typeof value === 'string') this.#units += value.length;
    return next;
  }

  /** Reads the members by slot: a bit for each that is there, or -1 when there is anything out of the ordinary. */
  #read(metadata: JsonObject): number {
    const keys = Object.keys(metadata);
    const values = Object.values(metadata);
    let present = 0;
    for (let i = 0; i < keys.length; i += 1) {
      const slot = SLOTS.get(keys[i] ?? '');
      if (slot === undefined) return -1;
      const value = values[i];
      if (slot < WHAT.length) {
        if (!isOrdinary(value)) return -1;
      } else if (typeof value !== 'string' || !isPlain(value)) return -1;
      this.#values[slot] = value;
      present |= 1 << slot;
    }
    return present;
  }

  #write(kind: ExposureKind, metadata: JsonObject, json: NestedJson): Evaluation {
    const members = new SortedMembers(metadata);
    const { columns, unresolved } = exposureRow(kind, members, this.#resolve);
    return { own: this.#own(columns), metadata: flatten(json.writeMembers(members)), unresolved };
  }

  #outline(kind: ExposureKind, metadata: JsonObject, json: NestedJson): Outline {
    const members = new SortedMembers(metadata);
    const { columns, unresolved } = exposureRow(kind, members, this.#resolve);
    const around: string[] = [];
    let text = '{';
    for (const [i, key] of members.keys.entries()) {
      text += `${i === 0 ? '' : ','}${quoteNested(key)}:`;
      if ((SLOTS.get(key) ?? 0) < WHAT.length) text += json.write(members.values[i], 1);
      else {
        around.push(flatten(`${text}\\"`));
        text = '\\"';
      }
    }
    around.push(flatten(`${text}}`));
    const own = flatten(this.#own(columns));
    for (const kept of [own, ...around]) this.#units += kept.length;
    return { own, around, unresolved };
  }
}

function newStep(): Step {
  return { next: new Map(), lastValue: undefined, last: undefined, outline: undefined };
}

function isOrdinary(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_VALUE;
  return typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'boolean';
}
