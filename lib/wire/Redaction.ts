import { hash } from 'node:crypto';
import { CanonicalJsonWriter, DepthError } from '../base/canonicalJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { DOT, memberPathProblem } from './memberPaths.ts';

/** Action on the values at a path: they are removed, or replaced by a salted hash. */
export type RedactionAction = 'drop' | 'hash';

/** The redaction at one place of an event: an action for the whole value, or rules for its members. */
type Rule = RedactionAction | RulesByStep;

/**
 * Rules for the members of a value or the items of an array. The rule under null is for all of them that have none of their
 * own.
 */
type RulesByStep = ReadonlyMap<PathStep, Rule>;

/** A path of the configuration from some step on. */
interface RemainingPath {
  /** The steps that are left; none if the path ends here. */
  readonly steps: readonly PathStep[];
  /** What is done with the value at its end. */
  readonly action: RedactionAction;
}

/**
 * The configured redaction. It is applied to every event before anything is written to rows or quarantine.
 *
 * Keys match case-insensitively: an `Email` is as personal as an `email`. Where a path leads through a value that is
 * neither an object, an array nor null, the whole value is dropped, because the content of a text is unknown. If two
 * paths overlap, the shorter one applies; of equal paths, `drop` applies before `hash`.
 */
export class Redaction {
  readonly #roots: RulesByStep;
  readonly #salt: string;

  /**
   * @param rules Path and action, as configured and validated.
   * @param salt Secret part of every hash.
   */
  constructor(rules: Readonly<Record<string, RedactionAction>>, salt: string) {
    const paths = Object.entries(rules).map(([path, action]) => ({
      steps: parseRedactionPath(path) ?? [],
      action,
    }));
    this.#roots = rulesByStep(paths);
    this.#salt = salt;
  }

  /**
   * A text's hash: lower-case hex SHA-256 of salt and text, the same as `sha256(salt || text)` in SQL. Without the salt,
   * nobody can test guessed e-mail addresses.
   */
  hash(text: string): string {
    return hash('sha256', this.#salt + text);
  }

  /**
   * A member of an event after redaction; undefined when it is dropped.
   *
   * @param json Writes values that are hashed and are not texts, and notes inexact numbers.
   * @throws DepthError when it would hash JSON nested deeper than 64 levels.
   */
  member(name: string, value: unknown, json: CanonicalJsonWriter): unknown {
    const rule = this.#roots.get(name.toLowerCase());
    return rule === undefined ? value : this.#apply(rule, value, json);
  }

  /** A user after redaction; null when nothing of it remains. */
  user(user: JsonObject | null, json: CanonicalJsonWriter): JsonObject | null {
    const kept = this.member('user', user, json);
    return isJsonObject(kept) ? kept : null;
  }

  /** An event's metadata after redaction. js-client's bootstrap metadata repeats the user, which is redacted, too. */
  metadata(metadata: unknown, json: CanonicalJsonWriter): unknown {
    const kept = this.member('metadata', metadata, json);
    if (!isJsonObject(kept)) return kept;
    const bootstrap = kept['bootstrapMetadata'];
    if (!isJsonObject(bootstrap) || !Object.hasOwn(bootstrap, 'user')) return kept;
    const user = this.member('user', bootstrap['user'], json);
    return { ...kept, bootstrapMetadata: { ...bootstrap, user: user ?? null } };
  }

  /** Members of an event after redaction. */
  members(members: JsonObject, json: CanonicalJsonWriter): JsonObject {
    const kept: [string, unknown][] = [];
    for (const [key, value] of Object.entries(members)) {
      const shown = key === 'metadata' ? this.metadata(value, json) : this.member(key, value, json);
      if (shown !== undefined) kept.push([key, shown]);
    }
    // fromEntries defines members, so a key named __proto__ remains a key.
    return Object.fromEntries(kept);
  }

  /**
   * A whole event after redaction, for quarantine. Null for a value that is not an object, because paths do not apply to
   * it, and for one that is nested too deeply to be hashed.
   */
  event(event: unknown): unknown {
    if (!isJsonObject(event)) return null;
    try {
      return this.members(event, new CanonicalJsonWriter());
    } catch (error) {
      if (error instanceof DepthError) return null;
      throw error;
    }
  }

  /** A value after a rule; undefined if nothing of it is left. */
  #apply(rule: Rule, value: unknown, json: CanonicalJsonWriter): unknown {
    if (rule === 'drop') return undefined;
    if (rule === 'hash') return this.#hashed(value, json);
    if (value === null) return value;
    if (Array.isArray(value)) {
      return value
        .map((item, i) => this.#child(rule, String(i), item, json))
        .filter((item) => item !== undefined);
    }
    if (!isJsonObject(value)) return undefined;
    const kept: [string, unknown][] = [];
    for (const [key, member] of Object.entries(value)) {
      const shown = this.#child(rule, key, member, json);
      if (shown !== undefined) kept.push([key, shown]);
    }
    return Object.fromEntries(kept);
  }

  /** A member or an item after the rule for its key; as it is if there is none. */
  #child(rules: RulesByStep, key: string, value: unknown, json: CanonicalJsonWriter): unknown {
    const next = rules.get(key.toLowerCase()) ?? rules.get(null);
    return next === undefined ? value : this.#apply(next, value, json);
  }

  /**
   * The hash of a value. Null and empty values remain: an empty ID identifies nobody, but its hash would look like an
   * ID.
   */
  #hashed(value: unknown, json: CanonicalJsonWriter): unknown {
    if (value === null || value === undefined || value === '') return value;
    if (typeof value === 'string') return this.hash(value);
    const text: unknown = JSON.parse(`"${json.write(value)}"`);
    return this.hash(String(text));
  }
}

/** The rule at one place, from the paths that lead on from there. */
function ruleOf(paths: readonly RemainingPath[]): Rule {
  const actionsHere = paths.filter(({ steps }) => steps.length === 0).map(({ action }) => action);
  if (actionsHere.includes('drop')) return 'drop';
  return actionsHere.includes('hash') ? 'hash' : rulesByStep(paths);
}

/** The rules for each first step of paths. Rules for `*` also apply to keys that other paths name. */
function rulesByStep(paths: readonly RemainingPath[]): RulesByStep {
  const firstSteps = new Set(paths.flatMap(({ steps }) => steps.slice(0, 1)));
  const below = (key: PathStep) =>
    paths
      .filter(({ steps: [first] }) => first === key || first === null)
      .map(({ steps, action }) => ({ steps: steps.slice(1), action }));
  return new Map([...firstSteps].map((step) => [step, ruleOf(below(step))]));
}

/** One step of a path: a key in lower case, or null for `*`, which is any key and any item. */
type PathStep = string | null;

/** Members that identify an event and its time: without them there is no row. */
const REQUIRED_MEMBERS: ReadonlySet<string> = new Set(['eventname', 'time', 'secondaryexposures']);

/** Members that are objects: a hash of a whole object would identify nothing. */
const OBJECT_MEMBERS: ReadonlySet<string> = new Set(['user', 'metadata', 'statsigmetadata']);

/** The member, in lower case, that is removed from all events at any depth before redaction. */
const PRIVATE = 'privateattributes';

/** A star next to other characters in a step. Alone, a star is any key; a star in a key is written `\*`. */
const STAR_IN_KEY = /(?<!\\)\*./s;
/** Matches an asterisk that is not alone in its step and not escaped. */
const STAR_AFTER_KEY = /.(?<!\\)\*/s;

/**
 * Splits a path such as `user.custom.*` into steps. A dot, star or bracket in a key is written `\.`, `\*`, `\[`. A
 * backslash at the beginning of a step makes its key literal.
 *
 * @returns null for an empty path, or one with an empty step.
 */
export function parseRedactionPath(path: string): readonly PathStep[] | null {
  const steps: PathStep[] = [];
  for (const step of path.split(DOT)) {
    if (step === '') return null;
    steps.push(step === '*' ? null : unescapeKey(step).toLowerCase());
  }
  return steps;
}

/** A step of a path without the backslashes that escape its dots, brackets and asterisks. */
function unescapeKey(step: string): string {
  return step.replace(/^\\(?![.*[\]])/, '').replaceAll(/\\([.*[\]])/g, '$1');
}

/**
 * Says what a rule of the configuration should have been, if it is not valid or cannot match; otherwise null.
 *
 * @param unitIds Of the configuration: names in `user.customIDs` → column.
 */
export function redactionPathProblem(
  path: string,
  action: RedactionAction,
  unitIds: Readonly<Record<string, string>>,
): string | null {
  const steps = parseRedactionPath(path) ?? [];
  const [root] = steps;
  if (typeof root !== 'string') {
    return 'a path such as user.email or user.custom.*, beginning with a member of the event';
  }
  // With a leading backslash, event_name is a member that an application added.
  if (REQUIRED_MEMBERS.has(path.startsWith('\\') ? root : root.replaceAll('_', '')))
    return 'another member of the event: without this one there is no row';
  if (action === 'hash' && steps.length === 1 && OBJECT_MEMBERS.has(root)) {
    return 'drop, or a path to what is to be hashed in it';
  }
  if (steps.includes(PRIVATE))
    return 'another path: private attributes are taken out of every event as it is';
  const star = path.split(DOT).find((step) => STAR_IN_KEY.test(step) || STAR_AFTER_KEY.test(step));
  return star === undefined
    ? memberPathProblem(path, unitIds)
    : `a * that stands alone, for any key, or \\* for a star in a key: ${JSON.stringify(star)} is not a prefix`;
}
