import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { Faults } from '../../src/faults/Faults.ts';
import type { FaultsInput } from '../../src/faults/faultsSchema.ts';
import { type Gateway, startGateway } from '../../src/gateway/index.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 20));
const faults = new Faults();
let gateway: Gateway;
let invoked: number;
const defects: unknown[] = [];

beforeEach(async () => {
  invoked = 0;
  faults.clear();
  gateway = await startGateway({
    api: {
      apiId: 'local',
      routes: [{ routeKey: 'POST /{proxy+}', functionName: 'collect', timeoutMs: 30_000 }],
      cors: {
        allowOrigins: ['*'],
        allowMethods: ['POST'],
        allowHeaders: ['*'],
        exposeHeaders: [],
        maxAgeSeconds: 600,
      },
    },
    accountId: '000000000000',
    onDefect: (error) => defects.push(error),
    invoke: async () => {
      invoked += 1;
      return '{"statusCode":202,"body":"{}"}';
    },
    clock,
    faults,
    port: 0,
  });
});
afterEach(async () => {
  expect(defects).toEqual([]);
  await gateway.close();
});

const post = (path = '/v1/rgstr') =>
  fetch(gateway.url + path, { method: 'POST', body: '{}', headers: { origin: 'https://shop.example' } });
const set = (...wanted: NonNullable<FaultsInput['gateway']>) => faults.set({ gateway: wanted });

describe("the gateway's faults", () => {
  it('answer in place of the function, with headers that a page of another origin can read', async () => {
    set({ fault: 'failCalls' });
    const answer = await post();
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(invoked).toBe(0);
  });

  it.each([
    { status: undefined, answered: 503, message: 'Service Unavailable' },
    { status: 429, answered: 429, message: 'Too Many Requests' },
    { status: 413, answered: 413, message: 'Request Entity Too Large' },
  ])('have the words of API Gateway for the status $status', async ({ status, answered, message }) => {
    set({ fault: 'failCalls', status });
    const answer = await post();
    expect(answer.status).toBe(answered);
    expect(await answer.json()).toEqual({ message });
  });

  it('can take effect after the function has done its work', async () => {
    set({ fault: 'failCalls', afterwards: true });
    expect((await post()).status).toBe(503);
    expect(invoked).toBe(1);
  });

  it('cut the connection before or after the function', async () => {
    set({ fault: 'resetConnection' }, { fault: 'loseResponse' });
    const reset = { cause: { code: 'ECONNRESET' } };
    await expect(post()).rejects.toMatchObject(reset);
    expect(invoked).toBe(0);
    await expect(post()).rejects.toMatchObject(reset);
    expect(invoked).toBe(1);
    expect((await post()).status).toBe(202);
  });

  it("delay by the local cloud's clock", async () => {
    set({ fault: 'delayCalls', ms: 600_000 });
    const answer = post();
    while (faults.list()[0]?.struck !== 1) await new Promise((resolve) => setImmediate(resolve));
    expect(invoked).toBe(0);
    clock.advance(600_000);
    expect((await answer).status).toBe(202);
  });

  it('can be limited to a path', async () => {
    set({ fault: 'failCalls', path: '/v1/*' });
    expect((await post('/v2')).status).toBe(202);
    expect((await post()).status).toBe(503);
  });

  it('do not affect preflight requests or unknown routes', async () => {
    set({ fault: 'failCalls' });
    const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'POST' };
    const options = await fetch(`${gateway.url}/v1/rgstr`, { method: 'OPTIONS', headers: preflight });
    const get = await fetch(`${gateway.url}/v1/rgstr`);
    expect(options.status).toBe(204);
    expect(get.status).toBe(404);
    expect(faults.list()).toMatchObject([{ service: 'gateway', seen: 0, struck: 0, left: 1 }]);
  });
});
