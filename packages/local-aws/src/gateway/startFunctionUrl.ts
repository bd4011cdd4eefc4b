import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LocalClock } from '../base/clock.ts';
import type { Listening } from '../edge/listen.ts';
import type { OnRefused } from '../edge/requestGuard.ts';
import type { Faults } from '../faults/Faults.ts';
import { FunctionError } from '../lambda/ExecutionEnvironment.ts';
import { corsHeaders, isPreflight } from './corsHeaders.ts';
import type { FunctionUrl } from './FunctionUrl.ts';
import { type Answer, functionAnswer } from './functionAnswer.ts';
import { receiveRequest, toLambdaEvent } from './lambdaEvent.ts';
import { answerUnderFaults, startGuardedServer } from './startGuardedServer.ts';

/**
 * Largest payload of an invocation, bytes. A larger body can't be in one. An event in which a body of fewer bytes is too
 * large, as one in base64, is refused by the invocation.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const PAYLOAD_BYTES = 6 * 1024 * 1024;

/** The answer to a body above the limit. */
const TOO_LARGE: OwnAnswer = [413, `Request must be smaller than ${PAYLOAD_BYTES} bytes.`];

/** Answers that a Function URL gives by itself, by the error of the invocation. All other errors are a 502. */
const OWN_ANSWERS: ReadonlyMap<string, OwnAnswer> = new Map([
  ['TooManyRequestsException', [429, 'Rate Exceeded.']],
  ['RequestEntityTooLargeException', TOO_LARGE],
]);

/** An answer that the endpoint gives without the function. */
type OwnAnswer = readonly [status: number, message: string];

/** Options of a Function URL. */
interface FunctionUrlOptions {
  /** The URLs of the account. The first is this address's own. */
  readonly urls: readonly [FunctionUrl, ...FunctionUrl[]];
  /** Invokes a function by name with a JSON payload; resolves with its JSON result, throws FunctionError. */
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  /** The clock of the times of events and of the delays of faults. */
  readonly clock: LocalClock;
  /** Injected failures of requests, of the service `gateway`. Default: no faults. */
  readonly faults?: Faults;
  /** Called with the reason of a 502 that is in no log of the function, as of a result that is no answer. */
  readonly onDefect: (error: unknown) => void;
  /** Hosts to admit besides loopback and the hosts of the URLs. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Called for each request that is not admitted. */
  readonly onRefused?: OnRefused | undefined;
  /** Port on 127.0.0.1; 0 for any free port. */
  readonly port: number;
  /** Time for running requests to finish when it closes, milliseconds. Default 5,000. */
  readonly closeGraceMs?: number;
}

/**
 * Serves a Function URL on loopback as Lambda does: payload format 2.0, CORS by the URL's settings, 429 for a throttled
 * function, 413 above 6 MiB, 502 for one that fails, and 403 for a URL that is not public. A request goes to the URL that
 * its `Host` names.
 *
 * CORS headers are on every answer, also on answers that Lambda gives by itself. AWS does not say whether it sets them
 * there. An SDK in a browser drops a batch only when it can read the 429, so headers on every answer are the worse case for
 * data.
 */
export function startFunctionUrl(options: FunctionUrlOptions): Promise<Listening> {
  const { urls, allowedHosts = [] } = options;
  const [defaultUrl, ...otherUrls] = urls;
  const urlOf = ({ headers }: IncomingMessage): FunctionUrl => {
    const host = headers.host?.split(':')[0]?.toLowerCase();
    return otherUrls.find(({ domainName }) => domainName === host) ?? defaultUrl;
  };
  return startGuardedServer({
    ...options,
    allowedHosts: [...allowedHosts, ...urls.map(({ domainName }) => domainName)],
    answer: (request) => answerRequest(urlOf(request), request, options),
    failure: ownAnswer,
    defectStatus: 502,
    send: (request, response, answer) => sendAnswer(urlOf(request), request, response, answer),
  });
}

/** The answer of a URL's function, or the URL's own: to a preflight, for a URL that is not public, to a body that is too large. */
async function answerRequest(
  url: FunctionUrl,
  request: IncomingMessage,
  options: FunctionUrlOptions,
): Promise<Answer> {
  if (url.cors !== undefined && isPreflight(request)) return { status: 200, headers: {}, body: '' };
  if (!url.isPublic)
    return ownAnswer(
      403,
      'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    );
  const received = await receiveRequest(request, PAYLOAD_BYTES, options.clock);
  if (received === undefined) return ownAnswer(...TOO_LARGE);
  const { target, requestId } = received;
  const event = toLambdaEvent(
    received,
    { accountId: 'anonymous', apiId: url.urlId, domainName: url.domainName },
    { routeKey: '$default', pathParameters: {} },
  );
  const [path = '/'] = target.split('?');
  const invoke = () => options.invoke(url.functionName, JSON.stringify(event));
  return answerUnderFaults(request, path, options, () => invokeFunction(invoke, requestId));
}

/** The answer of a function, or the URL's own if it fails. @throws Error for a result that is no answer. */
async function invokeFunction(invoke: () => Promise<string>, requestId: string): Promise<Answer> {
  try {
    const { status, headers, body } = functionAnswer(await invoke());
    return { status, headers: { ...headers, 'x-amzn-requestid': requestId }, body };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const [status, message] = OWN_ANSWERS.get(error.errorType) ?? [502, 'Internal Server Error'];
    return ownAnswer(status, message);
  }
}

/** An answer that the URL gives by itself. */
function ownAnswer(status: number, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ Message: message }),
  };
}

/** Sends an answer with the URL's own CORS headers. */
function sendAnswer(
  { cors }: FunctionUrl,
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, ...answer }: Answer,
): void {
  const headers = { ...answer.headers };
  const added = cors === undefined ? {} : corsHeaders(cors, request);
  // Lambda adds its headers to the function's headers: browsers refuse an answer that allows an origin twice.
  for (const [name, value] of Object.entries(added))
    headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
