import { type Collector, collectRequest } from '../../../lib/collect/answer.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { GroupsCache } from '../../../lib/groups/GroupsCache.ts';
import { quarantineWriter } from '../../../lib/landing/quarantineWriter.ts';
import type { AcceptedKey } from '../../../lib/schema/AcceptedKey.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { KeyCache } from '../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../lib/wire/keys/KeyGate.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { rowsOfRecord } from '../../harness/rowsOfRecord.ts';
import { alarmsOf } from '../wire/keys/alarms.ts';

/** The time of a collector's clock at its start. */
export const NOW = Date.UTC(2026, 10, 20, 7, 32, 0, 123);
/** The key of a request that names none. */
export const KEY = 'client-key';

/** A parsed JSON object. */
export type Members = Record<string, unknown>;

/** Settings of a test's collector. By default its streams and bucket accept everything. */
interface Setting {
  /** Settings of the configuration that differ from the defaults. */
  readonly config?: Partial<ConfigInput>;
  /** The keys of the configuration. Default every key, under the label `any`. */
  readonly keys?: readonly AcceptedKey[];
  /** Reads the secret with further keys. Default: it has none. */
  readonly readKeys?: () => Promise<string>;
  /** Reads the experiment groups. Default: there are none. */
  readonly readGroups?: (clock: ManualClock) => Promise<'none'>;
  /** Milliseconds that the function has left for each request. Default 2,500. */
  readonly withinMs?: number;
  /** Default: a clock that shows {@link NOW}. */
  readonly clock?: ManualClock;
  /** Ports that replace those of the collector. Default none. */
  readonly parts?: (clock: ManualClock) => Partial<Collector>;
}

/** A collector of a test, and what it has done so far. */
interface StartedCollector {
  /** Sends a request. The answer is empty if its body is. */
  send(http: HttpRequest): Promise<{ readonly status: number; readonly answer: Members }>;
  /** The clock of the collector. */
  readonly clock: ManualClock;
  /** Rows that the stream has taken, by table. */
  readonly rows: {
    readonly exposures: Members[];
    readonly events: Members[];
    readonly quarantine: Members[];
  };
  /** Lines of the log. */
  readonly log: Members[];
  /** Lines of metrics, without their directive. */
  readonly metrics: Members[];
  /** Refused bodies that were put as objects of their own. */
  readonly large: { readonly key: string; readonly timeoutMs: number }[];
  /** Alarms that were set, in their order. */
  readonly alarms: { readonly ms: number; readonly ring: () => void; cleared: boolean }[];
  /** Objects that were put because the stream did not take their rows. */
  readonly objects: { readonly rows: number; readonly timeoutMs: number }[];
}

/** A collector whose streams, bucket, log and alarms are lists. */
export function startCollector({
  config: input = {},
  keys,
  readKeys = async () => '{"keys":[]}',
  readGroups = async () => 'none',
  withinMs = 2_500,
  clock = new ManualClock(NOW),
  parts = () => ({}),
}: Setting = {}): StartedCollector {
  const config = defineConfig({ bucket: 'bucket', ...input });
  const rows: StartedCollector['rows'] = { exposures: [], events: [], quarantine: [] };
  const log: Members[] = [];
  const metrics: Members[] = [];
  const large: StartedCollector['large'] = [];
  const alarms: StartedCollector['alarms'] = [];
  const objects: StartedCollector['objects'] = [];
  const putRecord = async (record: Uint8Array) => {
    for (const { table, row } of rowsOfRecord(record)) rows[table].push(row);
  };
  const quiet = () => {};
  const plan = collectPlan(config);
  const collector: Collector = {
    planNow: () => plan,
    groups: new GroupsCache({
      read: () => readGroups(clock),
      clock,
      random: () => 0.5,
      log: quiet,
      countFailure: quiet,
    }),
    keys: new KeyGate({
      configured: keys ?? [],
      cache: new KeyCache({ read: readKeys, clock, alarm: alarmsOf(clock), random: () => 0.5, log: quiet }),
      allowAnyKey: keys === undefined,
    }),
    stream: { putRecord },
    putObject: async ({ body }, timeoutMs) => {
      objects.push({ rows: rowsOfRecord(body).length, timeoutMs });
    },
    writeQuarantine: quarantineWriter(config),
    putQuarantineLarge: async ({ key }, timeoutMs) => {
      large.push({ key, timeoutMs });
    },
    clock,
    alarm: (ms, ring) => {
      const alarm = { ms, ring, cleared: false };
      alarms.push(alarm);
      return () => {
        alarm.cleared = true;
      };
    },
    log: (line) => log.push(line),
    logSuccess: () => true,
    writeMetrics: ({ _aws, ...line }) => metrics.push(line),
    stage: 'test',
    ...parts(clock),
  };
  const send = async (http: HttpRequest) => {
    const { status, body } = await collectRequest(http, collector, clock.now() + withinMs);
    const answer: Members = body === '' ? {} : JSON.parse(body);
    return { status, answer };
  };
  return { send, clock, rows, log, metrics, large, alarms, objects };
}

/** What came of one request. */
export interface Taken {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Code of the answer; null if it has none. */
  readonly code: string | null;
  /** Rows of both tables. */
  readonly rows: readonly Members[];
  /** Rows of quarantine. */
  readonly quarantined: readonly Members[];
  /** The request's own metrics, by name. */
  readonly metrics: Members;
}

/** A collector that forgets each request when the next one comes: for very many of them. */
export function memoryCollector(config: Partial<ConfigInput> = {}): (http: HttpRequest) => Promise<Taken> {
  const { send, rows, log, metrics, large, alarms, objects } = startCollector({ config });
  const { exposures, events, quarantine } = rows;
  return async (http) => {
    for (const list of [exposures, events, quarantine, log, metrics, large, alarms, objects]) list.length = 0;
    const { status, answer } = await send(http);
    const code = String(answer['code'] ?? '') || null;
    return {
      status,
      code,
      rows: [...exposures, ...events],
      quarantined: [...quarantine],
      metrics: metrics[0] ?? {},
    };
  };
}

/** A request; every member has a default. */
export interface Sent {
  /** A text, bytes, or what is sent as JSON. Default an empty text. */
  readonly body?: unknown;
  /** Default POST. */
  readonly method?: string;
  /** Default `/v1/rgstr`. */
  readonly path?: string;
  /** The query without its question mark. Default none. */
  readonly query?: string;
  /** Headers in lower case, beside the key {@link KEY}. */
  readonly headers?: Readonly<Record<string, string>>;
  /** When the gateway got the request, epoch milliseconds. Default: it does not say. */
  readonly timeEpoch?: number;
  /** The gateway's ID of the request. Default none. */
  readonly requestId?: string;
}

/** A request; a body that is neither a text nor bytes is sent as JSON. */
export function request({
  body = '',
  method = 'POST',
  path = '/v1/rgstr',
  query = '',
  headers = {},
  timeEpoch,
  requestId,
}: Sent): HttpRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    rawPath: path,
    rawQueryString: query,
    headers: { 'statsig-api-key': KEY, ...headers },
    requestContext: {
      http: { method },
      ...(timeEpoch === undefined ? {} : { timeEpoch }),
      ...(requestId === undefined ? {} : { requestId }),
    },
    isBase64Encoded: body instanceof Uint8Array,
    body: body instanceof Uint8Array ? Buffer.from(body).toString('base64') : text,
  };
}
