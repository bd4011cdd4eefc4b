import { hash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Breaker } from '../base/Breaker.ts';
import { errorName } from '../base/errors.ts';
import { isJsonObject, parseJson } from '../base/json.ts';
import { emfLine, METRIC_NAMESPACE, type Metric } from '../base/log.ts';
import type { Clock } from '../base/time.ts';
import type { LastGoodUse } from '../schema/endpoint.ts';
import { lastGoodKey } from '../tables/ledgerKeys.ts';
import type { Read, ReadAnswer } from './AnswerCache.ts';
import type { ReadEndpoint } from './readEndpoint.ts';

/** The metrics of kept rules. docs/metrics.md describes them. */
export const lastGoodMetrics = {
  served: { name: 'last_good_served', unit: 'Count' },
  age: { name: 'last_good_age', unit: 'Seconds' },
} as const satisfies Record<string, Metric>;

/** Dependencies of {@link LastGood}. */
export interface LastGoodOptions {
  /** Which reads kept rules answer. */
  readonly use: LastGoodUse;
  /** Reads an object; null if there is none. Throws S3's error, or when it takes longer than `timeoutMs`. */
  readonly read: (key: string, timeoutMs: number) => Promise<Uint8Array | null>;
  /** Writes an object, `new`: unless there is one. Throws S3's error, or when it takes longer than `timeoutMs`. */
  readonly write: (key: string, body: Uint8Array, how: 'new' | 'over', timeoutMs: number) => Promise<void>;
  readonly clock: Clock;
  /** At least 0, below 1: spreads the reads that Statsig gets its whole time for. */
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Writes one EMF line. */
  readonly writeMetrics: (line: Readonly<Record<string, unknown>>) => void;
  /** Dimension of the metrics. */
  readonly stage: string;
}

/** Milliseconds for a call of the bucket. */
export const LAST_GOOD_CALL_MS = 1_500;
/** Milliseconds for Statsig after it did not answer in time. Rules come from its CDN, within some tens when it is well. */
const SOON_MS = 1_000;
/** Times between reads that give it its whole time again. */
const PAUSES = { baseMs: 10_000, capMs: 60_000 } as const;
/** Milliseconds after which equal rules are written again, so that their age says when Statsig last gave them. */
const AGAIN_MS = 10 * 60_000;
/** Most bytes of rules after inflating: those that Lambda can pass on compress to about a tenth. */
const MOST_INFLATED = 64 * 1024 * 1024;
/** Most kinds of reads that an execution environment remembers. */
const MOST_KNOWN = 1_000;

/** Endpoints whose answers depend on the key alone, and on no user. */
const KEPT: readonly string[] = ['download_config_specs', 'get_id_lists'];

/** Parameters of a query on which the rules do not depend: what the caller has, when and as whom it asks. */
const NO_PART: readonly string[] = ['sincetime', 'checksum', 'k', 'sid', 't', 'st', 'sv'];
/** Request headers that determine the form of an answer, and in which callers differ. */
const FORMS: readonly (readonly [header: string, word: RegExp])[] = [
  ['accept', /protobuf|octet-stream/i],
  ['accept-encoding', /\bgzip\b/i],
  ['accept-encoding', /\bbr\b/i],
  ['accept-encoding', /\bzstd\b/i],
  ['accept-encoding', /statsig-br/i],
  ['statsig-supports-proto', /true|1/i],
];
/** Keys of servers begin with it. Others are public, and anybody could have answers kept for them. */
const SERVER_KEY = 'secret-';

/** A read of rules. */
export interface RulesRead {
  /** Name of the endpoint, one of {@link KEPT}. */
  readonly endpoint: string;
  /** Key of the object that has its last good answer. */
  readonly key: string;
  /** Whether the caller has rules already, and asks for newer ones. */
  readonly isPoll: boolean;
}

/**
 * The last good rules of each key in the bucket, for the time when Statsig does not answer, or by choice always. Only whole
 * answers are kept: no delta, and none that says that nothing is new. A bucket that fails is logged, and changes no answer.
 */
export class LastGood {
  readonly #options: LastGoodOptions;
  /** Whether Statsig answers. While it is open, SDKs that start do not wait long for it. */
  readonly #breaker: Breaker;
  /** Hash and time of the last write, by key. */
  readonly #written = new Map<string, { readonly digest: string; readonly at: number }>();

  constructor(options: LastGoodOptions) {
    this.#options = options;
    this.#breaker = new Breaker({ line: { event: 'statsig_breaker' }, calls: 1, pauses: PAUSES }, options);
  }

  /**
   * How long Statsig may first take for an SDK that has no rules, after which kept ones are given; null: its whole time. It
   * is always asked, so that kept rules are never given in place of an answer that comes in time.
   */
  soonMs({ isPoll }: RulesRead): number | null {
    return isPoll || this.#breaker.admit() ? null : SOON_MS;
  }

  /** Takes note of whether Statsig answered in time. */
  answered(isInTime: boolean): void {
    this.#breaker.answered(isInTime, isInTime ? '' : 'SLUICE_PASS_THROUGH_UNREACHABLE');
  }

  /** Whether rules that are kept are given without asking Statsig. */
  get isPinned(): boolean {
    return this.#options.use === 'always';
  }

  /** Identifies the rules that a read asks for; null if its answer is not kept. */
  rulesRead(read: Read, endpoint: ReadEndpoint, key: string): RulesRead | null {
    if (!KEPT.includes(endpoint.name) || this.#options.use === 'never') return null;
    if (!key.startsWith(SERVER_KEY)) return null;
    const query = [...read.url.searchParams].filter(([name]) => !NO_PART.includes(name.toLowerCase()));
    const form = FORMS.map(([name, word]) => word.test(read.headers[name] ?? ''));
    const path = endpoint.key === null ? endpoint.path : endpoint.path.replace(endpoint.key, '');
    const identity = JSON.stringify([read.method, path, query.sort(), form, hash('sha256', key)]);
    const isConditional = ['if-none-match', 'if-modified-since', 'x-since-time'].some(
      (name) => read.headers[name] !== undefined,
    );
    return {
      ...{ endpoint: endpoint.name, key: lastGoodKey(hash('sha256', identity)) },
      isPoll: isConditional || sinceTime(read) > 0,
    };
  }

  /**
   * Keeps an answer if it has all rules. Pinned rules are never replaced. It never throws.
   *
   * @param type The content type of Statsig's answer.
   */
  async keep(rules: RulesRead, answer: ReadAnswer, type: string): Promise<void> {
    const { key } = rules;
    if (this.isPinned && this.#written.has(key)) return;
    if (answer.status !== 200 || !isWhole(rules, answer, type)) return;
    const { clock, write } = this.#options;
    const digest = hash('sha256', answer.body);
    const before = this.#written.get(key);
    const now = clock.now();
    if (before?.digest === digest && now >= before.at && now - before.at < AGAIN_MS) return;
    const head = JSON.stringify({ keptAt: now, headers: answer.headers });
    try {
      const body = Buffer.concat([Buffer.from(`${head}\n`), answer.body]);
      await write(key, body, this.isPinned ? 'new' : 'over', LAST_GOOD_CALL_MS);
      if (this.#written.size >= MOST_KNOWN) this.#written.clear();
      this.#written.set(key, { digest, at: now });
    } catch (error) {
      this.#options.log({ level: 'error', event: 'last_good', kept: false, error: errorName(error) });
    }
  }

  /**
   * The rules that are kept, with their age in seconds in the header `age`. It never throws.
   *
   * @param isFailure Whether Statsig has failed: an alarm counts these.
   * @returns Null if there are none.
   */
  async find({ key }: RulesRead, isFailure: boolean): Promise<ReadAnswer | null> {
    const { read, clock, log, writeMetrics, stage } = this.#options;
    try {
      const kept = readKept(await read(key, LAST_GOOD_CALL_MS));
      if (kept === null) return null;
      const now = clock.now();
      const age = Math.max(0, Math.round((now - kept.keptAt) / 1_000));
      const dimensions = { function: 'pass-through', stage };
      const { served, age: ageMetric } = lastGoodMetrics;
      const line = emfLine({
        ...{ namespace: METRIC_NAMESPACE, timestamp: now, dimensions },
        values: [[ageMetric, age], ...(isFailure ? [[served, 1] as const] : [])],
      });
      if (line !== null) writeMetrics(line);
      const why = { 'x-sluice-rules': isFailure ? 'last-good' : 'pinned' };
      return { status: 200, headers: { ...kept.headers, age: String(age), ...why }, body: kept.body };
    } catch (error) {
      log({ level: 'error', event: 'last_good', read: false, error: errorName(error) });
      return null;
    }
  }
}

/** The time of the rules that the caller has: in the query, or in the body of a POST. */
function sinceTime({ url, body }: Read): number {
  const parsed = body === null ? null : parseJson(Buffer.from(body).toString());
  const inBody = isJsonObject(parsed) ? parsed['sinceTime'] : null;
  const since = Number(url.searchParams.get('sinceTime') ?? inBody ?? 0);
  // Text that is not a number may mean any time.
  return Number.isNaN(since) ? 1 : since;
}

/** Whether an answer has all rules. To a poll it may be a delta, or say that nothing is new. */
function isWhole({ endpoint, isPoll }: RulesRead, { headers, body }: ReadAnswer, type: string): boolean {
  if ((headers['x-deltas-used'] ?? 'false').toLowerCase() !== 'false') return false;
  if (/octet-stream|protobuf/i.test(type)) return !isPoll && body.length > 0;
  if (!/^application\/json\b/i.test(type)) return false;
  const parsed = parseJson(textOf(headers, body) ?? '');
  if (!isJsonObject(parsed)) return false;
  if (endpoint === 'get_id_lists') return Object.values(parsed).every(isJsonObject);
  return parsed['is_delta'] !== true && parsed['has_updates'] === true;
}

/** The text of an answer; null for a coding that is not read here, and damaged bytes. */
function textOf(headers: ReadAnswer['headers'], body: Uint8Array): string | null {
  const coding = headers['content-encoding']?.toLowerCase();
  if (coding === undefined) return Buffer.from(body).toString();
  const inflate = coding === 'gzip' ? gunzipSync : coding === 'br' ? brotliDecompressSync : null;
  if (inflate === null) return null;
  try {
    return inflate(body, { maxOutputLength: MOST_INFLATED }).toString();
  } catch {
    return null;
  }
}

/** A kept answer: a line of JSON, and the body behind it. */
function readKept(object: Uint8Array | null) {
  const end = object?.indexOf(0x0a) ?? -1;
  if (object === null || end < 0) return null;
  const head = parseJson(Buffer.from(object.subarray(0, end)).toString());
  if (!isJsonObject(head) || typeof head['keptAt'] !== 'number' || !isJsonObject(head['headers']))
    return null;
  const headers = Object.fromEntries(
    Object.entries(head['headers']).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
  return { keptAt: head['keptAt'], headers, body: object.subarray(end + 1) };
}
