import type { DeliveryUnit, Failure } from './BufferSet.ts';
import { limits } from './errors.ts';
import type { JournalEntry } from './Journal.ts';
import type { Jq, JqOutcome } from './Jq.ts';
import { evaluatePrefix } from './prefixTemplate.ts';
import type { PartitionQuery, StreamSettings } from './streamSettings.ts';

/** A part of a record, from `start` to `end` (exclusive), that represents one document. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Finds the JSON documents of an aggregated record: objects or arrays, one after the other, optionally separated by
 * white space. Every byte between documents that isn't white space belongs to exactly one span.
 *
 * Stops after `enough` spans.
 *
 * A span isn't guaranteed to be valid JSON. A malformed document gets its own span up to the first end found: its
 * closing bracket; if brackets or quotes don't close, the next line that begins with `{`; or the record's end.
 * A line break ends a malformed string because a JSON string can't contain one.
 */
export function scanDocuments(bytes: Uint8Array, enough = Number.POSITIVE_INFINITY): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (;;) {
    if (spans.length >= enough) return spans;
    while (at < bytes.length && isSpace(bytes[at])) at += 1;
    if (at >= bytes.length) return spans;
    const end =
      bytes[at] === OPEN_BRACE || bytes[at] === OPEN_BRACKET ? documentEnd(bytes, at) : strayEnd(bytes, at);
    spans.push({ start: at, end: trimEnd(bytes, at, end) });
    at = end;
  }
}

/** Splits a record at a delimiter; empty pieces are not documents. */
function splitAtDelimiter(bytes: Uint8Array, delimiter: Uint8Array): Span[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const spans: Span[] = [];
  for (let start = 0; start <= buffer.length; ) {
    const found = buffer.indexOf(delimiter, start);
    const end = found < 0 ? buffer.length : found;
    if (end > start) spans.push({ start, end });
    start = end + delimiter.length;
  }
  return spans;
}

function documentEnd(bytes: Uint8Array, start: number): number {
  const end = closingEnd(bytes, start);
  if (end === undefined) return nextLineStart(bytes, start, bytes.length);
  const nextLine = nextLineStart(bytes, start, end);
  // Brackets may match across lines by accident: `{"a":1`, `{"b":2}`, `}` are three lines, not one document.
  return nextLine < end && !isJson(bytes.subarray(start, end)) ? nextLine : end;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Position where the bracket at `start` closes; undefined if it doesn't, or if a string contains a line break. */
function closingEnd(bytes: Uint8Array, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
      else if (byte === NEWLINE) return undefined;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** The next line after `start` that begins with `{`, else `limit`. */
function nextLineStart(bytes: Uint8Array, start: number, limit: number): number {
  for (let at = start; at < limit; at += 1) {
    if (bytes[at] === NEWLINE && bytes[at + 1] === OPEN_BRACE) return at + 1;
  }
  return limit;
}

/** Text that begins with neither bracket extends to the end of its line, or to the start of an object. */
function strayEnd(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === NEWLINE || bytes[at] === OPEN_BRACE) return at;
  }
  return bytes.length;
}

function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let trimmed = end;
  while (trimmed > start && isSpace(bytes[trimmed - 1])) trimmed -= 1;
  return trimmed;
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

/** One object, by which neighbours in a `UnitList` share it. */
const NOT_PARTITIONED: DeliveryUnit['target'] = { partition: new Map() };

/** Splits records into documents and determines where each goes. */
export class Partitioner {
  readonly #settings: StreamSettings;
  readonly #jq: Jq;

  constructor(settings: StreamSettings, jq: Jq) {
    this.#settings = settings;
    this.#jq = jq;
  }

  /** The documents of a batch of records. Each record yields at least one, so nothing disappears silently. */
  async partition(
    records: readonly { readonly entry: JournalEntry; readonly data: Uint8Array }[],
  ): Promise<DeliveryUnit[]> {
    const query = this.#settings.partitionQuery;
    const units: DeliveryUnit[] = [];
    const questions: { readonly unit: number; readonly json: string }[] = [];
    for (const { entry, data } of records) {
      this.#documents(data).forEach((span, document) => {
        const unit = { entry, document, ...span };
        if (query === undefined) {
          units.push({ ...unit, target: NOT_PARTITIONED });
          return;
        }
        const json = jqInput(data.subarray(span.start, span.end), query);
        if (json === undefined) {
          units.push({ ...unit, target: { failure: extractionFailed('Non JSON record provided') } });
          return;
        }
        questions.push({ unit: units.length, json });
        units.push({ ...unit, target: NOT_PARTITIONED });
      });
    }
    if (query === undefined || questions.length === 0) return units;
    for (const [at, target] of await this.#targets(query, questions)) {
      const unit = units[at];
      if (unit !== undefined) units[at] = { ...unit, target };
    }
    return units;
  }

  /** The targets of documents, by the number of their unit. */
  async #targets(
    query: PartitionQuery,
    questions: readonly { readonly unit: number; readonly json: string }[],
  ): Promise<Map<number, DeliveryUnit['target']>> {
    // Documents reduced to what a plain query reads are mostly equal, and equal ones have equal results.
    const groups =
      query.reads === undefined
        ? questions.map((question) => [question])
        : [...Map.groupBy(questions, ({ json }) => json).values()];
    const answers = await this.#jq.evaluate(
      query.text,
      groups.map(([first]) => first?.json ?? 'null'),
    );
    const targets = new Map<number, DeliveryUnit['target']>();
    groups.forEach((group, number) => {
      const answer = answers[number];
      if (answer === undefined) throw new Error('jq has answered fewer documents than it was given.');
      const target = this.#target(answer);
      for (const { unit } of group) targets.set(unit, target);
    });
    return targets;
  }

  /**
   * A record with more documents than Firehose splits is passed on whole, and then fails as invalid JSON. AWS was
   * observed to do so: all 2,000 documents of one record went to the error output together.
   */
  #documents(data: Uint8Array): readonly Span[] {
    const { deaggregation } = this.#settings;
    const whole = [{ start: 0, end: data.length }];
    if (deaggregation === undefined) return whole;
    const spans =
      deaggregation.type === 'JSON'
        ? scanDocuments(data, limits.documentsPerRecord + 1)
        : splitAtDelimiter(data, deaggregation.delimiter);
    return spans.length === 0 || spans.length > limits.documentsPerRecord ? whole : spans;
  }

  #target(answer: JqOutcome): DeliveryUnit['target'] {
    if ('error' in answer) return { failure: extractionFailed(answer.error) };
    const [output, ...more] = answer.outputs;
    if (typeof output !== 'object' || output === null || Array.isArray(output) || more.length > 0) {
      return { failure: extractionFailed('The query must answer one object for each record.') };
    }
    const values = new Map<string, string>();
    for (const [key, value] of Object.entries(output)) {
      const text = partitionValue(value);
      if (text === undefined) return { failure: extractionFailed(EMPTY_KEY) };
      values.set(key, text);
    }
    const partition = new Map<string, string>();
    for (const part of this.#settings.prefix.parts) {
      if (part.kind !== 'partitionKey') continue;
      const value = values.get(part.name);
      if (value === undefined) return { failure: extractionFailed(EMPTY_KEY) };
      partition.set(part.name, value);
    }
    const { prefix, timeZone } = this.#settings;
    const evaluated = evaluatePrefix(prefix, { oldestArrivalMs: 0, timeZone, partition });
    return evaluated.length > limits.prefixCharacters
      ? {
          failure: extractionFailed(
            `The evaluated prefix has more than ${limits.prefixCharacters} characters`,
          ),
        }
      : { partition };
  }
}

/** AWS's own message, as observed in error outputs. */
const EMPTY_KEY = 'partitionKeys values must not be null or empty';

/** Code and output type as observed in error outputs of AWS; the documentation doesn't list them. */
function extractionFailed(message: string): Failure {
  return {
    outputType: 'metadata-extraction-failed',
    code: 'DynamicPartitioning.MetadataExtractionFailed',
    message,
  };
}

/** Undefined for a value that is null, empty or not a scalar. */
function partitionValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The document as JSON for jq, reduced to the members that the query reads if known; undefined if it is not JSON. */
function jqInput(bytes: Uint8Array, { reads }: PartitionQuery): string | undefined {
  let text: string;
  let document: unknown;
  try {
    text = utf8.decode(bytes);
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (reads === undefined || typeof document !== 'object' || document === null || Array.isArray(document)) {
    return text;
  }
  const members = new Map(Object.entries(document));
  return JSON.stringify(Object.fromEntries(reads.map((key) => [key, members.get(key) ?? null])));
}
