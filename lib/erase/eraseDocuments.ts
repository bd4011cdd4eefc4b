import { gzipSync } from 'node:zlib';
import { LandedObject } from '../landing/lines/LandedObject.ts';
import { type LandedPart, rowJson } from '../landing/lines/landedLines.ts';
import { encodeLines, type LandedRow } from '../landing/store/encodeLines.ts';
import { judgeCopy } from '../relay/judgeCopy.ts';
import { readRelayCopy } from '../relay/RelayCopy.ts';
import type { TableKind } from '../schema/kinds.ts';
import type { BodyFound, UnitMatcher } from './units/UnitMatcher.ts';

/** Result of erasing the units from an object that holds documents; `unreadable` if the object as a whole cannot be read. */
export type LeftDocuments = UntouchedDocuments | ErasedDocuments | 'unreadable';

/** An object that has nothing of the units. */
interface UntouchedDocuments extends UnreadDocuments {
  /** No document goes. */
  readonly own: 0;
}

/** An object that has documents of the units, or documents that may be theirs. */
interface ErasedDocuments extends UnreadDocuments {
  /** How many documents go, including `others`. */
  readonly own: number;
  /** How many of `own` may be of others. */
  readonly others: number;
  /** How many of `others` are bodies that are not plain readable JSON; absent if there are none. */
  readonly unreadable?: number;
  /** The object without these documents; null if nothing is left of it. */
  readonly body: Uint8Array | null;
}

/** Documents that stay because they cannot be read. */
interface UnreadDocuments {
  /** How many; absent if there are none. */
  readonly unread?: number | undefined;
}

/** How a document belongs to a unit; `unread` if it cannot be read, null if it belongs to none. */
type DocumentFound = BodyFound | 'unread';

/**
 * Sums up what was found in each document.
 *
 * @param makeBody Makes what is left of the object, or null if nothing is left. It is only called if a document goes.
 */
function leftOf(found: readonly DocumentFound[], makeBody: () => Uint8Array | null): LeftDocuments {
  const count = (wanted: DocumentFound) => found.filter((document) => document === wanted).length;
  const unread = count('unread');
  const stays: UnreadDocuments = unread > 0 ? { unread } : {};
  if (!found.some(isUnits)) return { own: 0, ...stays };
  const unreadable = count('unreadable');
  const others = count('elsewhere') + unreadable;
  const deleted = { own: count('unit') + others, others, body: makeBody(), ...stays };
  return unreadable > 0 ? { ...deleted, unreadable } : deleted;
}

/** Whether a document goes. */
function isUnits(found: DocumentFound): boolean {
  return found !== null && found !== 'unread';
}

/** A record without rows. It replaces an object of which nothing is left, because only the writer may delete that. */
export const NO_ROWS: Uint8Array = gzipSync('');

/**
 * Erases the rows of units from an object of the landing, or of `damaged/`. Records without such rows keep their bytes.
 * Lines that are no rows go if they name a unit as a refused body does. Otherwise they stay, and count as unread.
 *
 * @param nothing What replaces an object of which nothing is left. Null: the object is deleted.
 */
export function eraseLanding(
  body: Uint8Array,
  matcher: UnitMatcher,
  nothing: Uint8Array | null = NO_ROWS,
): LeftDocuments {
  const parts = Array.from(new LandedObject(body).parts(), (part) => erasePart(part, matcher));
  const left = parts.flatMap((part) => part.left);
  return leftOf(
    parts.flatMap((part) => part.found),
    () => (left.length === 0 ? nothing : Buffer.concat(left)),
  );
}

/** A part of an object after the erasure. */
interface ErasedPart {
  /** What was found in each of its lines. */
  readonly found: readonly DocumentFound[];
  /** The bytes that replace it: its own if nothing goes, none if nothing is left. */
  readonly left: readonly Uint8Array[];
}

/** Erases the rows of units from a part of an object. */
function erasePart({ bytes, why, text, lines, others }: LandedPart, matcher: UnitMatcher): ErasedPart {
  if (why !== null && why !== 'lines') return { found: ['unread'], left: [bytes] };
  const found: DocumentFound[] = [];
  const keptRows: Record<TableKind, LandedRow[]> = { exposures: [], events: [], quarantine: [] };
  for (const line of lines) {
    const { kind, day, hour } = line;
    const json = rowJson(text, line);
    const foundInRow = matcher.findDocument(kind, json);
    found.push(foundInRow);
    if (!isUnits(foundInRow)) keptRows[kind].push({ day, hour, json });
  }
  const keptOthers: Uint8Array[] = [];
  for (const line of others) {
    const isUnit = matcher.findBody(line) === 'unit';
    found.push(isUnit ? 'unit' : 'unread');
    if (!isUnit) keptOthers.push(line);
  }
  if (!found.some(isUnits)) return { found, left: [bytes] };
  const record = encodeLines(keptRows);
  const left = record === null ? [] : [record];
  if (keptOthers.length > 0) left.push(gzipSync(Buffer.concat(keptOthers)));
  return { found, left };
}

/** Erases a copy of a request if it has events of a unit. It goes as a whole, because Statsig takes a request as a whole. */
export function eraseCopy(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const copy = readRelayCopy(Buffer.from(body).toString('utf8'));
  if (copy === null) return 'unreadable';
  const judged = judgeCopy(copy, matcher);
  // Without readable headers the copy is read as any other body of which nothing is known.
  if (judged === 'unreadable') return eraseBody(copy.body, matcher);
  const { hasUnit, own, others } = judged;
  // A request without events may have the user in what events share.
  return hasUnit ? { own: own + others === 0 ? 1 : own, others, body: null } : { own: 0 };
}

/** Erases a refused body if it names a unit, or may name one. It goes as a whole. */
export function eraseBody(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  return leftOf([matcher.findBody(body)], () => null);
}
