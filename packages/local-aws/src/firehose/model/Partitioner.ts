import type { Jq, JqOutcome } from '../Jq.ts';
import { limits } from '../limits.ts';
import type { DeliveryUnit, Failure } from './DeliveryUnit.ts';
import type { PartitionQuery } from './partitionQuery.ts';
import { evaluatePrefix } from './prefixTemplate.ts';
import type { JournalEntry } from './Segment.ts';
import type { StreamSettings } from './StreamSettings.ts';
import { type Span, scanDocuments, splitAtDelimiter } from './scanDocuments.ts';

const NOT_PARTITIONED: ReadonlyMap<string, string> = new Map();

/** Takes records apart into documents and finds out where each goes. */
export class Partitioner {
  readonly #settings: StreamSettings;
  readonly #jq: Jq;

  constructor(settings: StreamSettings, jq: Jq) {
    this.#settings = settings;
    this.#jq = jq;
  }

  /** The documents of a batch of records: each record yields at least one, so nothing vanishes unseen. */
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
          units.push({ ...unit, target: { partition: NOT_PARTITIONED } });
          return;
        }
        const json = jqInput(data.subarray(span.start, span.end), query);
        if (json === undefined) {
          units.push({ ...unit, target: { failure: extractionFailed('Non JSON record provided') } });
          return;
        }
        questions.push({ unit: units.length, json });
        units.push({ ...unit, target: { partition: NOT_PARTITIONED } });
      });
    }
    if (query === undefined || questions.length === 0) return units;
    for (const [at, target] of await this.#targets(query, questions)) {
      const unit = units[at];
      if (unit !== undefined) units[at] = { ...unit, target };
    }
    return units;
  }

  /** Where documents go, by the number of their unit. */
  async #targets(
    query: PartitionQuery,
    questions: readonly { readonly unit: number; readonly json: string }[],
  ): Promise<Map<number, DeliveryUnit['target']>> {
    // Documents cut down to what a plain query reads are mostly equal, and equal ones have equal answers.
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
   * A record with more documents than Firehose takes apart is passed on whole, and then fails as no JSON:
   * so it was seen on AWS, where 2,000 documents in one record all landed in the error output together.
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

/** AWS's own words, as seen in error outputs. */
const EMPTY_KEY = 'partitionKeys values must not be null or empty';

/** Code and output type as seen in error outputs of AWS; the documents don't list them. */
function extractionFailed(message: string): Failure {
  return {
    outputType: 'metadata-extraction-failed',
    code: 'DynamicPartitioning.MetadataExtractionFailed',
    message,
  };
}

/** Undefined for what is null, empty or no scalar. */
function partitionValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The document as JSON for jq, cut down to what the query reads if that is known; undefined if it is no JSON. */
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
