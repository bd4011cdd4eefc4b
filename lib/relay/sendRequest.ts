import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { errorCode } from '../base/errors.ts';
import { isJsonObject, parseJson } from '../base/json.ts';
import { MAX_ANSWER_BYTES, SENT_AT_ONCE, TARGET_CALL_MS } from './limits.ts';
import type { TargetRequest } from './targetRequest.ts';

/** What is read of the target's answer. */
export interface TargetAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The header `Retry-After` as it came; null without one. */
  readonly retryAfter: string | null;
  /** Whether the body of a 2xx answer says `{"success":false}`, which SDKs take for a failure, too. */
  readonly saysFailure: boolean;
  /**
   * Whether the answer is a web page, as of maintenance or of a login: `text/html` that begins with `<!doctype html` or
   * `<html`.
   */
  readonly isPage: boolean;
}

/** Sends requests to the target. Rejects when there is no answer in time: by then the target may have taken the request. */
export type SendRequest = (request: TargetRequest) => Promise<TargetAnswer>;

/**
 * Sends requests over HTTP/1.1, with connections that are kept, and no headers but those of the request. A request
 * whose kept connection was closed is sent once more, within the same time. Redirects are not followed: an answer names
 * no other host to send keys to. Of an answer at most 64 KiB are read, and nothing is kept.
 *
 * @param withinMs Milliseconds that a request may take, with its second try and what is read of the answer.
 */
export function httpSender(withinMs = TARGET_CALL_MS): SendRequest {
  const kept = { keepAlive: true, maxSockets: SENT_AT_ONCE };
  const agents = { plain: new http.Agent(kept), secure: new https.Agent(kept) };
  const send = async (
    request: TargetRequest,
    signal: AbortSignal,
    isRetry: boolean,
  ): Promise<TargetAnswer> => {
    const { origin, path, body } = request;
    const headers = { ...request.headers, 'content-length': String(body.byteLength) };
    const isSecure = origin.startsWith('https:');
    const scheme = isSecure ? https : http;
    const agent = isSecure ? agents.secure : agents.plain;
    const options = { method: 'POST', path, headers, signal, agent: isRetry ? false : agent };
    // Once there is an answer, an error of the request says nothing more.
    const sent = scheme
      .request(origin, options)
      .on('error', () => undefined)
      .end(body);
    try {
      // The signal is given a second time: after a switch of protocols that nobody asked for, there is neither an
      // answer nor an error.
      // https://nodejs.org/docs/latest-v24.x/api/http.html#event-upgrade_1
      const [answer]: http.IncomingMessage[] = await once(sent, 'response', { signal });
      if (answer?.statusCode === undefined) throw new TypeError('No answer.');
      const retryAfter = answer.headers['retry-after'] ?? null;
      const { text, isWhole } = await readText(answer);
      // Frameworks send a short text as text/html, too, which may have tags: https://expressjs.com/en/4x/api.html#res.send
      const isHtml = /^text\/html\b/i.test(answer.headers['content-type'] ?? '');
      return {
        status: answer.statusCode,
        retryAfter,
        saysFailure: isWhole && isFailure(text),
        isPage: isHtml && /^\s*<(?:!doctype\s+html|html)\b/i.test(text),
      };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // A kept connection was closed, as happens while a function is frozen. Others that were kept may be gone, too.
      // https://nodejs.org/docs/latest-v24.x/api/http.html#requestreusedsocket
      const isStale = ['ECONNRESET', 'EPIPE'].includes(errorCode(error));
      if (sent.reusedSocket && isStale) return send(request, signal, true);
      throw error;
    }
  };
  return (request) => send(request, AbortSignal.timeout(withinMs), false);
}

/** Reads the text of an answer to its end, or up to its limit. It never throws. */
async function readText(
  answer: http.IncomingMessage,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of answer) {
      parts.push(part);
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status has come, so what was to follow says nothing more.
  }
  return { text: Buffer.concat(parts).toString('utf8'), isWhole: bytes <= MAX_ANSWER_BYTES };
}

/** Whether a text is JSON that reports a failure. */
function isFailure(text: string): boolean {
  const content = parseJson(text);
  return isJsonObject(content) && content['success'] === false;
}
