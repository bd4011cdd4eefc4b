import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { answersPreflight } from '../../../../observe/doctor/stack/domain.ts';
import { listen } from '../../../harness/listen.ts';

describe('whether the gateway answers at an address', () => {
  /** What the server says how long a preflight holds, seconds. */
  let maxAge: string;
  let server: Server;
  let address: string;

  beforeEach(async () => {
    server = createServer(({ method, headers }, response) => {
      const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] === 'POST';
      const status = isPreflight && headers.origin !== undefined ? 204 : 404;
      response.writeHead(status, isPreflight ? { 'access-control-max-age': maxAge } : {}).end();
    });
    address = await listen(server);
  });
  async function close() {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  afterEach(async () => {
    if (server.listening) await close();
  });

  it('is true if a preflight there holds for a day, and false if it holds for ten minutes', async () => {
    maxAge = '86400';
    expect(await answersPreflight(address)).toBe(true);
    maxAge = '600';
    expect(await answersPreflight(address)).toBe(false);
  });

  it('is false if nobody listens', async () => {
    await close();
    expect(await answersPreflight(address)).toBe(false);
  });
});
