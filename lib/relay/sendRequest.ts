import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isJsonObject, parseJson } from '../base/json.ts';
import { wasConnectionStale } from '../base/retry.ts';
import { MAX_ANSWER_BYTES, SENT_AT_ONCE, TARGET_CALL } from './limits.ts';
import type { TargetRequest } from './targetRequest.ts';

/** The parts of the target's answer that are read. */
export interface TargetAnswer {
  readonly status: number;
  /** The header `Retry-After` as it came; null without one. */
  readonly retryAfter: string | null;
  /** Whether a 2xx says `{"success":false}`, which SDKs take for a failure too. */
  readonly saysFailure: boolean;
}

/** Sends requests to the target. Rejects when there is no answer in time: by then the target may have taken the request. */
export type SendRequest = (request: TargetRequest) => Promise<TargetAnswer>;

/** Times of one call, milliseconds. */
export interface CallLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
}

/**
 * Sends requests over HTTP/1.1, with connections that are kept. Redirects are not followed: an answer names no other host to
 * send keys to. Of an answer at most 64 KiB are read, and nothing is kept.
 *
 * @param limits Default {@link TARGET_CALL}.
 */
export function httpSender(limits: CallLimits = TARGET_CALL): SendRequest {
  const agents = (keepAlive: boolean): Agents => {
    const options = { keepAlive, maxSockets: SENT_AT_ONCE };
    return { plain: new HttpAgent(options), secure: new HttpsAgent(options) };
  };
  const kept = agents(true);
  return async (request) => {
    try {
      return await sendOnce(request, limits, kept);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      // Others that were kept may be gone, too.
      return sendOnce(request, limits, agents(false));
    }
  };
}

interface Agents {
  readonly plain: HttpAgent;
  readonly secure: HttpsAgent;
}

/** A kept connection was gone before it had an answer. */
class StaleConnectionError extends Error {
  constructor() {
    super('The connection was closed while it was idle.');
    this.name = 'StaleConnectionError';
  }
}

/** The target did not do the next thing in time. */
class SlowTargetError extends Error {
  /** @param phase What it did not do. */
  constructor(phase: string) {
    super(`The target did not ${phase} in time.`);
    this.name = 'SlowTargetError';
  }
}

function sendOnce(
  { origin, path, headers, body }: TargetRequest,
  { connectMs, headersMs, bodyMs }: CallLimits,
  { plain, secure }: Agents,
): Promise<TargetAnswer> {
  return new Promise((resolve, reject) => {
    const { protocol, hostname, port } = new URL(origin);
    const isSecure = protocol === 'https:';
    const options = {
      // Of an IPv6 address without its brackets.
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(port === '' ? null : { port }),
      method: 'POST',
      path,
      headers: { ...headers, 'content-length': String(body.byteLength) },
    };
    const sent = isSecure
      ? httpsRequest({ ...options, agent: secure })
      : httpRequest({ ...options, agent: plain });
    let timer: NodeJS.Timeout | undefined;
    const within = (ms: number, run: () => void) => {
      clearTimeout(timer);
      timer = setTimeout(run, ms);
    };
    const endWith = (phase: string) => () => sent.destroy(new SlowTargetError(phase));
    within(connectMs, endWith('connect'));
    sent.on('socket', (socket) => {
      const connected = () => within(headersMs, endWith('answer'));
      if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    let hasAnswered = false;
    sent.on('response', (answer) => {
      hasAnswered = true;
      const finish = (saysFailure: boolean) => {
        clearTimeout(timer);
        resolve({
          status: answer.statusCode ?? 0,
          retryAfter: answer.headers['retry-after'] ?? null,
          saysFailure,
        });
      };
      within(bodyMs, () => answer.destroy());
      readFailure(answer).then(finish);
    });
    sent.on('error', (error) => {
      clearTimeout(timer);
      reject(wasConnectionStale(sent, error) ? new StaleConnectionError() : error);
    });
    // After a switch of protocols that nobody asked for, Node emits neither an answer nor an error:
    // https://nodejs.org/docs/latest-v24.x/api/http.html#event-upgrade_1
    sent.on('close', () => {
      if (hasAnswered) return;
      clearTimeout(timer);
      reject(new SlowTargetError('answer'));
    });
    sent.end(body);
  });
}

/** Reads an answer to its end, or as far as it is read. Whether it says that it is a failure. It never throws. */
async function readFailure(answer: IncomingMessage): Promise<boolean> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      const part = Buffer.from(chunk);
      bytes += part.byteLength;
      if (bytes > MAX_ANSWER_BYTES) return false;
      chunks.push(part);
    }
  } catch {
    // Its status has come: what was to follow says nothing more.
    return false;
  }
  const said = parseJson(Buffer.concat(chunks).toString('utf8'));
  return isJsonObject(said) && said['success'] === false;
}
