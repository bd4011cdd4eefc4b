import { notImplemented } from '../protocol/AwsError.ts';
import { type Leaf, valueTest } from './eventPattern.ts';
import {
  type EventOwner,
  type Kind,
  type Possible,
  publishedKinds,
  type TextShape,
} from './publishedEvents.ts';

/**
 * Refuses a pattern that no event of the local cloud can match: its rule would never fire, where AWS's may. Each source and
 * each detail type that it lists has to be published here, and of every other field a value. Fields are judged each by
 * itself: whether two of them contradict each other, as the names of two buckets do, is not looked at.
 *
 * @param pattern One that `compilePattern` has accepted.
 * @param isSilent Whether a bucket is known to send no events. A rule on such buckets alone can't fire.
 * @throws AwsError NotImplemented, which names the field and what the pattern wants there.
 */
export function assertCanFire(
  pattern: object,
  owner: EventOwner,
  isSilent: (bucketName: string) => boolean,
): void {
  const kinds = publishedKinds(owner);
  for (const field of ['source', 'detail-type'])
    for (const entry of [Reflect.get(pattern, field) ?? []].flat())
      if (!kinds.some((kind) => canHold(kind[field], entry))) throw refused(field, entry);
  const unmet = kinds.map((kind) => unmetField(pattern, kind, isSilent));
  if (unmet.includes(undefined)) return;
  // Among the kinds that the pattern may name, the field with which it gets furthest.
  const [nearest] = unmet
    .flatMap((field) => field ?? [])
    .toSorted((left, right) => depth(right) - depth(left));
  if (nearest !== undefined) throw refused(nearest.path, nearest.wanted, nearest.why);
}

/** How far a kind of event satisfies a pattern: not at all, if the event is of another source or type. */
function depth({ path }: Unmet): number {
  return /^(?:source|detail-type)$/.test(path) ? 0 : path.split('.').length;
}

/**
 * The error of a pattern that no event of the emulator meets.
 *
 * @param why Why no event satisfies the field. Default: no service publishes such a value.
 */
function refused(path: string, wanted: unknown, why = 'which no event here has'): Error {
  return notImplemented(`events pattern of ${path} ${JSON.stringify(wanted)}, ${why}: it`);
}

/** A field of a pattern that can't be satisfied. */
interface Unmet {
  /** The names of the fields that lead to it, with dots. */
  readonly path: string;
  /** What the pattern has there. */
  readonly wanted: unknown;
  /** Why, if it is not that no service publishes such a value. */
  readonly why?: string;
}

/** Where a pattern names buckets. */
const BUCKET_NAME = 'detail.bucket.name';

/** The first field of a pattern that no event of a kind satisfies; undefined if there is none. */
function unmetField(
  pattern: object,
  kind: Kind,
  isSilent: (bucketName: string) => boolean,
  above = '',
): Unmet | undefined {
  // The source and the type are compared before their detail.
  const fields = Object.entries(pattern).toSorted(
    ([left], [right]) => Number(left === 'detail') - Number(right === 'detail'),
  );
  for (const [field, wanted] of fields) {
    const path = `${above}${field}`;
    const holds = Object.hasOwn(kind, field) ? kind[field] : [];
    if (Array.isArray(wanted)) {
      const possible = wanted.filter((entry) => canHold(holds, entry));
      if (possible.length === 0) return { path, wanted };
      if (path === BUCKET_NAME && possible.every((name) => isSilent(name)))
        return { path, wanted, why: 'whose buckets have no EventBridgeConfiguration' };
    } else {
      const unmet = isKind(holds) ? unmetField(wanted, holds, isSilent, `${path}.`) : { path, wanted };
      if (unmet !== undefined) return unmet;
    }
  }
  return undefined;
}

/** Whether a field has fields of its own. */
function isKind(holds: Possible | Kind | undefined): holds is Kind {
  return typeof holds === 'object' && !isList(holds) && !isText(holds);
}

/** Whether a field can hold only the values of a list. */
function isList(holds: Possible | Kind): holds is readonly Leaf[] {
  return Array.isArray(holds);
}

/** Whether a field can hold any text of a shape. */
function isText(holds: Possible | Kind): holds is TextShape {
  return typeof holds === 'object' && 'characters' in holds && holds.characters instanceof RegExp;
}

/** Whether a field can hold a value that satisfies an entry of a pattern's list. */
function canHold(holds: Possible | Kind | undefined, entry: unknown): boolean {
  if (holds === undefined || isKind(holds)) return false;
  if (holds === 'count') return Number.isSafeInteger(entry) && Number(entry) >= 0;
  if (isList(holds)) return valueTest(entry)(holds);
  if (typeof entry === 'string') return isWhole(holds, entry);
  // `prefix` is the only operator that is compiled.
  const { prefix } = Object(entry);
  return typeof prefix === 'string' && isBeginning(holds, prefix);
}

/** Whether a text is of a shape. */
function isWhole({ begins = '', ...following }: TextShape, text: string): boolean {
  const characters = text.slice(begins.length);
  return text.startsWith(begins) && isFollowing(following, characters, following.least);
}

/** Whether a text of a shape can begin with another text. */
function isBeginning({ begins = '', ...following }: TextShape, prefix: string): boolean {
  if (prefix.length < begins.length) return begins.startsWith(prefix);
  return prefix.startsWith(begins) && isFollowing(following, prefix.slice(begins.length), 0);
}

/** Whether a text can follow the beginning of a shape. @param least The least length, bytes in UTF-8. */
function isFollowing({ characters, most }: TextShape, text: string, least: number): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= least && bytes <= most && characters.test(text);
}
