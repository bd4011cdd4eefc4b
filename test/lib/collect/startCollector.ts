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
import { alarmsOf } from '../wire/keys/startKeys.ts';

/** The time of a collector's clock at its start. */
export const NOW = Date.UTC(2026, 10, 20, 7, 32, 0, 123);
/** The key of a request that names none. */
export const KEY = 'client-key';

/** A parsed JSON object. */
export type Members = Record<string, unknown>;

/** Settings of a test's collector. By default its streams and bucket accept everything. */
export interface Setting {
  readonly config?: Partial<ConfigInput>;
  /** Default every key, under the label `any`. */
  readonly keys?: readonly AcceptedKey[];
  readonly readKeys?: () => Promise<string>;
  /** Reads the experiment groups. */
  readonly readGroups?: (clock: ManualClock) => Promise<'none'>;
  readonly withinMs?: number;
  readonly clock?: ManualClock;
  readonly parts?: (clock: ManualClock) => Partial<Collector>;
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
}: Setting = {}) {
  const config = defineConfig({ bucket: 'bucket', ...input });
  const rows = { exposures: [] as Members[], events: [] as Members[], quarantine: [] as Members[] };
  const log: Members[] = [];
  const metrics: Members[] = [];
  const large: { readonly key: string; readonly timeoutMs: number }[] = [];
  const alarms: { readonly ms: number; readonly ring: () => void; cleared: boolean }[] = [];
  const objects: { readonly rows: number; readonly timeoutMs: number }[] = [];
  const putRecord = async (record: Uint8Array) => {
    for (const { table, row } of rowsOfRecord(record)) rows[table].push(row);
  };
  const quiet = () => {};
  const collector: Collector = {
    plan: collectPlan(config),
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
  readonly status: number;
  readonly code: string | null;
  /** Rows of both tables. */
  readonly rows: readonly Members[];
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
  readonly body?: unknown;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeEpoch?: number;
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
}: Sent) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const http: HttpRequest = {
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
  return http;
}
