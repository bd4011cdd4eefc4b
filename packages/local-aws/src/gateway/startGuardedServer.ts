import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LocalClock } from '../base/clock.ts';
import { isHangUp } from '../base/nodeErrors.ts';
import { type Listening, listen } from '../edge/listen.ts';
import { type OnRefused, refuseForeignRequest, sendRefusal } from '../edge/requestGuard.ts';
import { Faults } from '../faults/Faults.ts';
import { applyFaultEffect, ConnectionReset } from '../faults/faultEffect.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { Answer } from './functionAnswer.ts';

/** Options of a server in front of functions. */
interface GuardedServerOptions {
  /** Hosts that are admitted besides loopback: {@link refuseForeignRequest}. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Called for each request that is not admitted. */
  readonly onRefused?: OnRefused | undefined;
  /** Port on 127.0.0.1; 0 for any free port. */
  readonly port: number;
  /** Time for running requests to finish when the server closes, milliseconds. Default 5,000. */
  readonly closeGraceMs?: number;
  /** Answers an admitted request. Throws ConnectionReset to end the connection without an answer. */
  readonly answer: (request: IncomingMessage) => Promise<Answer>;
  /** The answer in place of one that failed. */
  readonly failure: (status: number, message: string) => Answer;
  /** Its status for what is no AwsError. */
  readonly defectStatus: number;
  /** Called with what failed, except an AwsError, which the answer names, and a client that hangs up. */
  readonly onDefect: (error: unknown) => void;
  /** Sends an answer, with the headers that depend on the request. */
  readonly send: (request: IncomingMessage, response: ServerResponse, answer: Answer) => void;
  /** Called for each admitted request, before its answer is sent, with the status; 0 without an answer. */
  readonly onAnswer?: ((status: number) => void) | undefined;
}

/** More than any service here accepts, so that the service refuses larger headers in its own words, and Node does not. */
const MOST_HEADER_BYTES = 64 * 1024;

/** Starts a server on loopback that admits requests of pages of any site, but only to hosts of this machine. */
export function startGuardedServer(options: GuardedServerOptions): Promise<Listening> {
  const { allowedHosts = [], onRefused, answer, failure, onDefect, onAnswer, send } = options;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Answer;
    try {
      reply = await answer(request);
    } catch (error) {
      if (error instanceof ConnectionReset) {
        onAnswer?.(0);
        request.socket.resetAndDestroy();
        return;
      }
      const isNamed = error instanceof AwsError;
      if (!isNamed && !isHangUp(error)) onDefect(error);
      reply = isNamed
        ? failure(error.status, error.message)
        : failure(options.defectStatus, 'Internal Server Error');
    }
    onAnswer?.(reply.status);
    send(request, response, reply);
    // An unread body would be parsed as the next request on this connection.
    if (!request.complete) request.resume();
  }

  const server = createServer(
    { maxHeaderSize: MOST_HEADER_BYTES, requireHostHeader: false },
    (request, response) => {
      const refused = refuseForeignRequest(request, { allowedHosts, anyOrigin: true });
      if (refused === undefined) {
        void serve(request, response);
        return;
      }
      // The answer has no CORS headers, because the page that sent the request must not read it.
      sendRefusal(response, refused);
      onRefused?.(refused, request.headers.host);
      if (!request.complete) request.resume();
    },
  );
  return listen(server, options);
}

/**
 * Answers a request under the faults of the service `gateway`.
 *
 * @param path The path that a fault may name.
 * @throws What the faults and the answer throw.
 */
export async function answerUnderFaults(
  { method = 'GET', socket: connection }: IncomingMessage,
  path: string,
  { clock, faults = new Faults() }: { readonly clock: LocalClock; readonly faults?: Faults },
  answer: () => Promise<Answer>,
): Promise<Answer> {
  const { before, after } = faults.takeCall({ service: 'gateway', operation: method, resource: path });
  await applyFaultEffect(before, { clock, connection });
  const answered = await answer();
  await applyFaultEffect(after, { clock, connection });
  return answered;
}
