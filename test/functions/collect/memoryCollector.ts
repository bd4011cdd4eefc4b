import { type Collector, collectRequest } from '../../../lib/collect/answer.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { type RowOfRecord, rowsOfRecord } from '../../harness/rowsOfRecord.ts';
import { offlineCollector } from './hostile/offlineCollector.ts';
import { NOW } from './postEvents.ts';

/** Outcome of one request. */
export interface Taken {
  readonly status: number;
  readonly code: string | null;
  /** Every document put, each parsed. */
  readonly rows: readonly unknown[];
  readonly quarantined: readonly Readonly<Record<string, unknown>>[];
  /** Bytes of the objects in which quarantine keeps what is too large for a row. */
  readonly large: readonly number[];
  /** The request's own metrics, by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * A collector whose streams and bucket are lists: for tests of very many or very large requests. Everything but the
 * wire is real.
 *
 * @param options `tickMs`: milliseconds that pass with each look at the clock. Default none. `parts`: of the collector,
 *   in place of those described.
 */
export function memoryCollector(
  input: Partial<ConfigInput> = {},
  { tickMs = 0, parts = {} }: { readonly tickMs?: number; readonly parts?: Partial<Collector> } = {},
): (request: HttpRequest) => Promise<Taken> {
  const config = defineConfig({ bucket: 'bucket', allowAnyKey: true, ...input });
  const clock = new TickingClock(NOW, tickMs);
  const put: RowOfRecord[] = [];
  const large: number[] = [];
  const lines: Readonly<Record<string, unknown>>[] = [];
  const sinks = {
    putRecord: (record: Uint8Array) => void put.push(...rowsOfRecord(record)),
    putQuarantineLarge: (bytes: number) => void large.push(bytes),
  };
  const collector: Collector = {
    ...offlineCollector(config, sinks, { clock, random: () => 0.5 }),
    writeMetrics: (line) => lines.push(line),
    ...parts,
  };
  return async (request) => {
    for (const list of [put, large, lines]) list.length = 0;
    const { status, body } = await collectRequest(request, collector, clock.now() + 2_500);
    const answer: unknown = JSON.parse(body);
    const own = lines[0] ?? {};
    return {
      status,
      code: String(Reflect.get(Object(answer), 'code') ?? '') || null,
      rows: put.filter(({ table }) => table !== 'quarantine').map(({ row }) => row),
      quarantined: put.filter(({ table }) => table === 'quarantine').map(({ row }) => row),
      large: [...large],
      metrics: Object.fromEntries(
        Object.entries(own).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
      ),
    };
  };
}

/** A request with a key, as API Gateway passes it on. */
export function requestOf(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  rawQueryString = '',
): HttpRequest {
  return {
    rawPath: '/v1/rgstr',
    rawQueryString,
    headers: { 'statsig-api-key': 'client-key', ...headers },
    requestContext: { http: { method: 'POST' } },
    isBase64Encoded: typeof body === 'object',
    body: typeof body === 'string' ? body : Buffer.from(body).toString('base64'),
  };
}

/** A clock that moves whenever it is looked at. */
class TickingClock extends ManualClock {
  readonly #tickMs: number;

  constructor(startMs: number, tickMs: number) {
    super(startMs);
    this.#tickMs = tickMs;
  }

  override now(): number {
    this.advance(this.#tickMs);
    return super.now();
  }
}
