import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { wasConnectionStale } from '../../lib/base/retry.ts';
import type { Clock } from '../../lib/base/time.ts';
import type { Read } from '../../lib/passthrough/AnswerCache.ts';
import { PassThroughError, PassThroughFailure } from '../../lib/passthrough/PassThroughError.ts';
import type { SendRead } from '../../lib/passthrough/passThrough.ts';

/** Milliseconds for a connection, with its handshake. */
const CONNECT_MS = 3_000;
/** Bytes of an answer's headers. Node's own limit, which would be another one with another `--max-http-header-size`. */
const MOST_HEADER_BYTES = 16 * 1024;

/**
 * Makes the sender of reads: over connections that are kept, and with bytes as they come. `fetch` cannot be used here:
 * it decompresses a body and leaves its header. There is no timeout but the deadline: Node would shorten one of a kept
 * connection to what the server's `Keep-Alive` says.
 */
export function readSender(clock: Clock): SendRead {
  const options = { keepAlive: true, maxSockets: 8 } as const;
  const kept = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) } as const;
  return async (read, { deadline, mostBytes }) => {
    const signal = AbortSignal.timeout(Math.max(1, deadline - clock.now()));
    const isPlain = read.url.protocol === 'http:';
    const send = (agent: HttpAgent | false) =>
      headersOf(read, isPlain ? httpRequest : httpsRequest, {
        ...{ agent, signal, maxHeaderSize: MOST_HEADER_BYTES },
      });
    try {
      const answer = await send(kept[isPlain ? 'http:' : 'https:']).catch((error) => {
        if (error instanceof StaleConnectionError) return send(false);
        throw error;
      });
      return {
        status: answer.statusCode ?? 0,
        headers: Object.fromEntries(
          Object.entries(answer.headers).flatMap(([name, value]) =>
            typeof value === 'string' ? [[name, value]] : [],
          ),
        ),
        body: await bodyOf(answer, mostBytes),
      };
    } catch (error) {
      if (error instanceof PassThroughError) throw error;
      throw new PassThroughFailure('SLUICE_PASS_THROUGH_UNREACHABLE', reasonOf(error, signal), {
        cause: error,
      });
    }
  };
}

/** A kept connection was gone before it had an answer. */
class StaleConnectionError extends Error {}

/** Sends the request. Resolves with the answer, whose body is not yet read. */
function headersOf(
  { method, url, headers, body }: Read,
  request: typeof httpRequest,
  options: RequestOptions,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const length = body === null ? {} : { 'content-length': body.length };
  const sent = request(url, { ...options, method, headers: { ...headers, ...length } }, (answer) => {
    // Some load balancers say so before they close an idle connection: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9
    if (answer.statusCode !== 408 || !sent.reusedSocket) return resolve(answer);
    answer.destroy();
    reject(new StaleConnectionError());
  });
  sent.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => sent.destroy(new Error('CONNECT_TIMEOUT')), CONNECT_MS);
    const isDone = () => clearTimeout(timer);
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', isDone).once('close', isDone);
  });
  sent.on('error', (error) => reject(wasConnectionStale(sent, error) ? new StaleConnectionError() : error));
  // After a switch of protocols that nobody asked for, Node emits neither an answer nor an error:
  // https://nodejs.org/docs/latest-v24.x/api/http.html#event-upgrade_1
  sent.on('close', () => reject(new Error('NO_ANSWER')));
  sent.end(body ?? undefined);
  return promise;
}

/** @throws PassThroughError `SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE`, and the rest of the body is not read. */
async function bodyOf(answer: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const tooLarge = () => {
    answer.destroy();
    return new PassThroughError('SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE', `More than ${mostBytes} bytes.`);
  };
  if (Number(answer.headers['content-length'] ?? 0) > mostBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Node's code of an error, never its message, which may contain the URL and with it a key. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'It took too long.';
  if (!(error instanceof Error)) return 'The request failed.';
  if (/^(NO_ANSWER|[A-Z]+_TIMEOUT)$/.test(error.message)) return `${error.message}.`;
  return 'code' in error && typeof error.code === 'string' ? `${error.code}.` : 'The request failed.';
}
