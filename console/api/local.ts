import * as z from 'zod';
import { ObserveError } from '../../observe/deployment.ts';
import { ConsoleRequestError } from '../errors.ts';
import { type Route, type RouteRequest, route } from './route.ts';

/** Answers of the local cloud's control API, which the console passes on unread: docs/local.md, "Control". */
interface LocalAnswer {
  /** Its clock. */
  readonly clock: unknown;
  /** The faults that are set. */
  readonly faults: unknown;
  /** What its streams and queues hold. */
  readonly status: unknown;
}

/**
 * Passes a call on to the control API of the local cloud, whose bodies are documented there: docs/local.md, "Control".
 *
 * A deployment does not get here: routes with `localOnly` are refused by console/server/serveRequests.ts.
 *
 * @throws ConsoleRequestError `SLUICE_CONSOLE_REQUEST` with what the local cloud refuses; ObserveError
 *   `SLUICE_OBSERVE_LOCAL_UNREADABLE` without an answer that can be read; the reason of the deployment's signal.
 */
async function control(
  { deployment }: Pick<RouteRequest<unknown, unknown>, 'deployment'>,
  method: 'GET' | 'POST',
  name: string,
  body?: unknown,
): Promise<unknown> {
  const { localControl, signal = null } = deployment;
  const url = new URL(`/_sluice/${name}`, localControl);
  const sent = body === undefined ? null : JSON.stringify(body);
  const { answer, json } = await fetch(url, { method, body: sent, signal })
    .then(async (got) => ({ answer: got, json: (await got.json()) as unknown }))
    .catch((error: unknown) => {
      signal?.throwIfAborted();
      const detail = `${url.origin}${url.pathname}.`;
      throw new ObserveError('SLUICE_OBSERVE_LOCAL_UNREADABLE', detail, { cause: error });
    });
  const refused = z.object({ message: z.string() }).safeParse(json);
  if (!answer.ok)
    throw new ConsoleRequestError(
      'SLUICE_CONSOLE_REQUEST',
      refused.success ? refused.data.message : `The local cloud answered ${answer.status}.`,
    );
  return json;
}

/** What each action here has: it changes something, and only of a local cloud. */
const local = { localOnly: true, writes: true } as const;

/** The switches of the local cloud. */
export const localRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/local',
    summary: "The local cloud's clock and faults, and what its streams and queues hold.",
    localOnly: true,
    async handle(request): Promise<LocalAnswer> {
      const [clock, faults, status] = await Promise.all([
        control(request, 'GET', 'clock'),
        control(request, 'GET', 'faults'),
        control(request, 'GET', 'status'),
      ]);
      return { clock, faults, status };
    },
  }),
  route({
    method: 'POST',
    path: '/api/local/flush',
    summary: 'Deliver everything that the streams buffer.',
    ...local,
    handle: (request): Promise<unknown> => control(request, 'POST', 'flush'),
  }),
  route({
    method: 'POST',
    path: '/api/local/clock',
    summary: 'Move the clock: `{"advanceMs"}`, `{"now"}` or `{"real":true}`.',
    body: z.looseObject({}),
    ...local,
    handle: (request): Promise<unknown> => control(request, 'POST', 'clock', request.body),
  }),
];
