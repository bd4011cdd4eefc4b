import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { askPreflight } from '../../../cli/trial/askGateway.ts';
import { listen } from '../../harness/listen.ts';

const keys = { client: 'client-trial', server: 'secret-trial' };
const ORIGIN = ['access-control-allow-origin', '*'];
const ALLOWED = [
  ...ORIGIN,
  'access-control-allow-methods',
  'GET, POST',
  'access-control-allow-headers',
  'content-type,statsig-api-key,statsig-client-time,statsig-encoded,statsig-event-count,statsig-retry-count,statsig-sdk-type,statsig-sdk-version',
];
const SUCCESS = '{"success":true}';

/** Asks a door that answers so; undefined: nothing answers. */
async function ask(listener: RequestListener | undefined) {
  const server = createServer(listener);
  const collector = await listen(server);
  if (listener === undefined) await new Promise((resolve) => server.close(resolve));
  const run = { id: '0', collector, keys, time: 0, lacks: new Set<string>() };
  return askPreflight(run).finally(() => server.close());
}

describe('the question of a preflight', () => {
  it('is about the request that follows, with headers that need a preflight', async () => {
    const seen: unknown[] = [];
    const trialOf = (posted: string[]) =>
      ask(({ method, headers }, answer) => {
        seen.push([
          method,
          headers['content-type'],
          headers['statsig-api-key'],
          headers.origin !== undefined,
        ]);
        if (method === 'OPTIONS') answer.writeHead(204, ALLOWED).end();
        else answer.writeHead(202, posted).end(SUCCESS);
      });
    expect(await trialOf(ORIGIN)).toMatchObject({
      verdict: 'expected',
      found: '204, CORS headers; then 202, CORS headers',
    });
    expect(seen[1]).toEqual(['POST', 'application/json', keys.client, true]);
    expect(await trialOf([])).toMatchObject({
      verdict: 'otherwise',
      found: '204, CORS headers; then 202, no CORS headers',
    });
  });

  it.each([
    { preflight: 200, posted: 202, verdict: 'expected' },
    { preflight: 300, posted: 202, verdict: 'otherwise' },
    { preflight: 204, posted: 200, verdict: 'otherwise' },
  ])('is answered $verdict if $preflight is followed by $posted', async ({ preflight, posted, verdict }) => {
    const answer = await ask(({ method }, response) => {
      const status = method === 'OPTIONS' ? preflight : posted;
      response.writeHead(status, ALLOWED).end(method === 'OPTIONS' ? '' : SUCCESS);
    });
    expect(answer.verdict).toBe(verdict);
  });

  it("is answered otherwise if a 202 is not the collector's", async () => {
    const answer = await ask(({ method }, response) => {
      response.writeHead(method === 'OPTIONS' ? 204 : 202, ALLOWED).end('{"message":"Accepted"}');
    });
    expect(answer.verdict).toBe('otherwise');
  });

  it.each(['OPTIONS', 'POST'])('shows a header that the answer to %s has twice', async (where) => {
    const answer = await ask(({ method }, response) => {
      const headers = method === where ? [...ALLOWED, ...ORIGIN] : ALLOWED;
      response.writeHead(method === 'OPTIONS' ? 204 : 202, headers).end(SUCCESS);
    });
    expect(answer.verdict).toBe('otherwise');
    expect(answer.found).toContain('Access-Control-Allow-Origin: *, *');
  });

  it('follows no redirection, as browsers do', async () => {
    const answer = await ask(({ url, method }, response) => {
      if (url === '/elsewhere') response.writeHead(method === 'OPTIONS' ? 204 : 202, ALLOWED).end(SUCCESS);
      else response.writeHead(307, [...ALLOWED, 'location', '/elsewhere']).end();
    });
    expect(answer).toMatchObject({ verdict: 'otherwise', found: expect.stringMatching(/^307, /) });
  });

  it('names a header that is not allowed, and says that nothing answered', async () => {
    const answer = await ask((_, response) => void response.writeHead(204, ORIGIN).end());
    expect(answer.found).toMatch(/^204, CORS headers, not allowed: content-type .* POST$/);
    expect(await ask(undefined)).toMatchObject({ verdict: 'otherwise', found: 'no answer: ECONNREFUSED' });
  });
});
