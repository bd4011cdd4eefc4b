import { isJsonObject, type JsonObject, parseJson, valueAt } from '../../lib/base/json.ts';
import type { Deployment } from '../deployment.ts';
import { functionLog, readLog } from '../readLog.ts';

/** Pages of the log that are read. */
const MOST_PAGES = 500;
/** A request is answered within half a minute, and its lines are written then. What is read is four times as long, to miss none. */
const ANSWERED_WITHIN_MS = 120_000;
/** The clock of the log can differ from the function's. */
const SKEW_MS = 5_000;

/** The entry of one request in the collector's log. */
export interface LoggedRequest {
  /** The gateway's ID; null if the function does not know it. */
  readonly requestId: string | null;
  /** `received_at` of its rows, epoch milliseconds; null where the log has no metrics of the request. */
  readonly receivedAt: number | null;
  /** Milliseconds from its arrival in the function to its answer; 0 where no line has them. */
  readonly latencyMs: number;
  /** Events of the batch. */
  readonly received: number;
  /** Exposures and events that are where they belong: in Firehose or, if too large or so configured, in an object. */
  readonly landed: number;
  /** Events that Firehose did not take in time: they are in an object of `landing/direct/`. */
  readonly overflowed: number;
  /** Refused events and bodies, as `landed`. */
  readonly quarantined: number;
  /** Valid events that are not stored: telemetry, reports of errors, and what the configuration leaves out. */
  readonly ignored: number;
  /** Whether the answer was not 202. A request without metrics in the log is told so, too. */
  readonly isRefused: boolean;
  /** The collector's own line: of every request that needs attention, and of a sample of the others; else null. */
  readonly line: JsonObject | null;
}

/** What {@link findRequest} has found. */
interface FoundRequest {
  /** The request; undefined if the part of the log that was read has none. */
  readonly request: LoggedRequest | undefined;
  /** Whether the log has more than the {@link MOST_PAGES} pages that were read. */
  readonly hasMore: boolean;
}

/**
 * The request in the collector's log with an ID of the gateway.
 *
 * @param since From when on the log is read, epoch milliseconds.
 * @throws What CloudWatch Logs' client throws.
 */
export async function findRequest(
  deployment: Deployment,
  requestId: string,
  since: number,
): Promise<FoundRequest> {
  const { lines, hasMore } = await readLines(deployment, requestId, since, undefined);
  const requestLines = lines.filter((entry) => entry['request_id'] === requestId);
  const metrics = requestLines.find((entry) => '_aws' in entry);
  const line = requestLines.find((entry) => entry['event'] === 'collect') ?? null;
  // The metrics of a request that failed before anything was counted do not name it: lib/collect/collectMetrics.ts.
  const counted = line && { request_id: requestId, refused_requests: 1, latency_ms: line['ms'] };
  const told = metrics ?? counted;
  return { request: told === null ? undefined : loggedRequest(told, line), hasMore };
}

/**
 * Requests in the collector's log that were received in the same millisecond, usually one. Of a log with more than
 * {@link MOST_PAGES} pages they are those of the pages that were read.
 *
 * @param receivedAt Epoch milliseconds.
 * @throws What CloudWatch Logs' client throws.
 */
export async function findRequestsAt(
  deployment: Deployment,
  receivedAt: number,
): Promise<readonly LoggedRequest[]> {
  const { lines } = await readLines(
    deployment,
    String(receivedAt),
    receivedAt - SKEW_MS,
    receivedAt + ANSWERED_WITHIN_MS,
  );
  return lines
    .filter((line) => timeOf(line) === receivedAt && 'received' in line)
    .map((line) => loggedRequest(line, null));
}

/** Lines of the collector's log with a term, as JSON. @param startTime Epoch milliseconds, as `endTime`; undefined: until now. */
async function readLines(
  deployment: Deployment,
  term: string,
  startTime: number,
  endTime: number | undefined,
): Promise<{ readonly lines: readonly JsonObject[]; readonly hasMore: boolean }> {
  const { events, hasMore } = await readLog(deployment, {
    group: functionLog(deployment.stack, 'collect'),
    filterPattern: JSON.stringify(term),
    times: [{ startTime, endTime }],
    mostPages: MOST_PAGES,
  });
  return { lines: events.map(({ message = '' }) => parseJson(message)).filter(isJsonObject), hasMore };
}

/** When the request of a line with metrics was received, epoch milliseconds; null of another line. */
function timeOf(line: JsonObject): number | null {
  const time = valueAt(line, ['_aws', 'Timestamp']);
  return typeof time === 'number' ? time : null;
}

/** A request by the line with its metrics, and by its own. */
function loggedRequest(metrics: JsonObject, line: JsonObject | null): LoggedRequest {
  const count = (name: string) => (typeof metrics[name] === 'number' ? metrics[name] : 0);
  const { request_id } = metrics;
  return {
    requestId: typeof request_id === 'string' ? request_id : null,
    receivedAt: timeOf(metrics),
    latencyMs: count('latency_ms'),
    received: count('received'),
    landed: count('exposures_landed') + count('events_landed'),
    overflowed: count('overflowed'),
    quarantined: count('quarantined'),
    ignored: count('ignored'),
    isRefused: count('refused_requests') > 0,
    line,
  };
}
