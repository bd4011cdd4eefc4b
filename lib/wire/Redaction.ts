import { hash } from 'node:crypto';
import { CanonicalJsonWriter, DepthError } from '../base/canonicalJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { CostMeter } from '../base/jsonCost.ts';
import { normalizeName, suggestPath } from './memberPaths.ts';

/** What becomes of the values at a path: they are left out, or replaced by a salted hash. */
export type RedactionAction = 'drop' | 'hash';

/** What is walked over takes so much, in units of {@link CostMeter}: a node, a member, a hash. */
const NODE_UNITS = 20;
const MEMBER_UNITS = 30;
const HASH_UNITS = 150;

/** What is done at one place of an event: something to all of it, or something further down. */
type Rule = RedactionAction | { readonly byKey: ReadonlyMap<string, Rule>; readonly any: Rule | undefined };

interface RemainingPath {
  readonly steps: readonly PathStep[];
  readonly action: RedactionAction;
}

/**
 * The configured redaction: what is taken out of every event before anything of it is written, be it into rows,
 * quarantine or overflow.
 *
 * Keys match without regard to case: an `Email` is as personal as an `email`. Where a path leads through something
 * that is neither an object, an array nor null, that is dropped whole: what a text holds can't be told. Where
 * two paths meet, the shorter one decides, and `drop` before `hash`.
 */
export class Redaction {
  readonly #roots: ReadonlyMap<string, Rule>;
  readonly #salt: string;

  /**
   * @param rules Path and action, as configured and validated.
   * @param salt Secret part of every hash.
   */
  constructor(rules: Readonly<Record<string, RedactionAction>>, salt: string) {
    const rests = Object.entries(rules).map(([path, action]) => ({
      steps: parseRedactionPath(path) ?? [],
      action,
    }));
    const all = compile(rests);
    this.#roots = typeof all === 'string' ? new Map() : all.byKey;
    this.#salt = salt;
  }

  /**
   * A text's hash: lower-case hex SHA-256 of salt and text, as `sha256(salt || text)` is in SQL. Whoever doesn't
   * know the salt can't try out likely e-mail addresses.
   */
  hash(text: string): string {
    return hash('sha256', this.#salt + text);
  }

  /**
   * A member of an event as it may be stored; undefined when it may not.
   *
   * @param json Writes what is hashed and is no text; learns of numbers that are inexact.
   * @throws DepthError when it would hash JSON nested deeper than 64 levels.
   */
  member(name: string, value: unknown, json: CanonicalJsonWriter): unknown {
    const rule = this.#roots.get(name.toLowerCase());
    return rule === undefined ? value : this.#apply(rule, value, json);
  }

  /** A user as it may be stored; null when there is nothing of it. */
  user(user: JsonObject | null, json: CanonicalJsonWriter): JsonObject | null {
    const kept = this.member('user', user, json);
    return isJsonObject(kept) ? kept : null;
  }

  /** An event's metadata as it may be stored. js-client's bootstrap metadata repeats the user. */
  metadata(metadata: unknown, json: CanonicalJsonWriter): unknown {
    const kept = this.member('metadata', metadata, json);
    if (!isJsonObject(kept)) return kept;
    const bootstrap = kept['bootstrapMetadata'];
    if (!isJsonObject(bootstrap) || !Object.hasOwn(bootstrap, 'user')) return kept;
    const user = this.member('user', bootstrap['user'], json);
    return { ...kept, bootstrapMetadata: { ...bootstrap, user: user ?? null } };
  }

  /** Members of an event, each as it may be stored. */
  members(members: JsonObject, json: CanonicalJsonWriter): JsonObject {
    const kept: [string, unknown][] = [];
    for (const [key, value] of Object.entries(members)) {
      const shown = key === 'metadata' ? this.metadata(value, json) : this.member(key, value, json);
      if (shown !== undefined) kept.push([key, shown]);
    }
    // fromEntries defines members, so that a key __proto__ stays a key.
    return Object.fromEntries(kept);
  }

  /**
   * A whole event as quarantine may keep it. One that is no object is withheld (null): it has no paths; and so is
   * one that can't be hashed, for it is nested too deeply.
   *
   * @param meter Counts what it takes. Default no limit.
   */
  event(event: unknown, meter = CostMeter.unlimited): unknown {
    if (!isJsonObject(event)) return null;
    try {
      return this.members(event, new CanonicalJsonWriter(meter));
    } catch (error) {
      if (error instanceof DepthError) return null;
      throw error;
    }
  }

  #apply(rule: Rule, value: unknown, json: CanonicalJsonWriter): unknown {
    if (rule === 'drop') return undefined;
    if (rule === 'hash') return this.#hashed(value, json);
    if (value === null || value === undefined) return value;
    if (Array.isArray(value)) {
      json.meter.spend(NODE_UNITS + MEMBER_UNITS * value.length);
      return value
        .map((item, i) => this.#child(rule, String(i), item, json))
        .filter((item) => item !== undefined);
    }
    if (!isJsonObject(value)) return undefined;
    const kept: [string, unknown][] = [];
    const members = Object.entries(value);
    json.meter.spend(NODE_UNITS + MEMBER_UNITS * members.length);
    for (const [key, member] of members) {
      const shown = this.#child(rule, key, member, json);
      if (shown !== undefined) kept.push([key, shown]);
    }
    return Object.fromEntries(kept);
  }

  #child(rule: Exclude<Rule, string>, key: string, value: unknown, json: CanonicalJsonWriter): unknown {
    const next = rule.byKey.get(key.toLowerCase()) ?? rule.any;
    return next === undefined ? value : this.#apply(next, value, json);
  }

  /** Nothing stays nothing: an empty ID identifies nobody, hashed it would. */
  #hashed(value: unknown, json: CanonicalJsonWriter): unknown {
    if (value === null || value === undefined || value === '') return value;
    json.meter.spend(HASH_UNITS);
    if (typeof value === 'string') return this.hash(value);
    const text: unknown = JSON.parse(`"${json.write(value)}"`);
    return this.hash(String(text));
  }
}

/** Puts paths together into a tree. What `*` says also holds for keys that other paths name. */
function compile(rests: readonly RemainingPath[]): Rule {
  const here = rests.filter(({ steps }) => steps.length === 0).map(({ action }) => action);
  if (here.length > 0) return here.includes('drop') ? 'drop' : 'hash';
  const rest = (of: (step: PathStep | undefined) => boolean) =>
    rests.filter(({ steps }) => of(steps[0])).map(({ steps, action }) => ({ steps: steps.slice(1), action }));
  const names = new Set(rests.map(({ steps }) => steps[0]).filter((step) => typeof step === 'string'));
  const any = rest((step) => step === null);
  return {
    byKey: new Map([...names].map((name) => [name, compile(rest((step) => step === name || step === null))])),
    any: any.length === 0 ? undefined : compile(any),
  };
}

/** One step of a path: a key in lower case, or null for `*`, which is any key and any item. */
type PathStep = string | null;

/** Members of an event that say what it is, and when: without them there is no row. */
const REQUIRED_MEMBERS: ReadonlySet<string> = new Set(['eventname', 'time', 'secondaryexposures']);

/** Members that are objects as a whole: a hash of all of it would identify nothing. */
const OBJECT_MEMBERS: ReadonlySet<string> = new Set(['user', 'metadata', 'statsigmetadata']);

/** Taken out of all events at any depth, before any path is followed. */
const PRIVATE = 'privateattributes';

/** A dot between steps: one of a key is written `\.`. */
const DOT = /(?<!\\)\./;

/** A star beside other characters: alone it is any key, and one of a key is written `\*`. */
const STAR_IN_KEY = /(?<!\\)\*./s;
const STAR_AFTER_KEY = /.(?<!\\)\*/s;

/**
 * Takes a path such as `user.custom.*` apart. A dot, star or bracket that belongs to a key is written `\.`, `\*`, `\[`; a
 * backslash at the beginning of a step says that its key is meant as it is written.
 *
 * @returns The steps, or null when it is no path: empty, or with an empty step.
 */
export function parseRedactionPath(path: string): readonly PathStep[] | null {
  const steps: PathStep[] = [];
  for (const step of path.split(DOT)) {
    if (step === '') return null;
    steps.push(step === '*' ? null : unescapeKey(step).toLowerCase());
  }
  return steps;
}

function unescapeKey(step: string): string {
  return step.replace(/^\\(?![.*[\]])/, '').replaceAll(/\\([.*[\]])/g, '$1');
}

/**
 * What a rule of the configuration expects, in words, when it can't be followed or can match nothing; else null.
 *
 * @param unitIds Of the configuration: names in `user.customIDs` → column.
 */
export function redactionPathProblem(
  path: string,
  action: 'drop' | 'hash',
  unitIds: Readonly<Record<string, string>>,
): string | null {
  const steps = parseRedactionPath(path);
  const root = steps?.[0];
  if (steps === null || root === null || root === undefined) {
    return 'a path such as user.email or user.custom.*, beginning with a member of the event';
  }
  // With a backslash before it, event_name is a member that an application has added.
  if (REQUIRED_MEMBERS.has(path.startsWith('\\') ? root : normalizeName(root)))
    return 'another member of the event: without this one there is no row';
  if (action === 'hash' && steps.length === 1 && OBJECT_MEMBERS.has(root)) {
    return 'drop, or a path to what is to be hashed in it';
  }
  if (steps.includes(PRIVATE))
    return 'another path: private attributes are taken out of every event as it is';
  const meant = suggestPath(path, unitIds);
  if (meant !== null)
    return `${meant}: events have that there. A key that is named so is written with a \\ before it`;
  const star = path.split(DOT).find((step) => STAR_IN_KEY.test(step) || STAR_AFTER_KEY.test(step));
  return star === undefined
    ? null
    : `a * that stands alone, for any key, or \\* for a star in a key: ${JSON.stringify(star)} is no prefix`;
}
