import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { listen } from '../../src/edge/listen.ts';

it('a server closes without waiting for a connection that never had a request', async () => {
  const server = createServer();
  const connected = once(server, 'connection');
  // The time for running requests is longer than a test may take.
  const { url, close } = await listen(server, { port: 0, closeGraceMs: DAY_MS });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await connected;
  const closed = once(socket, 'close');
  await close();
  await closed;
  expect(server.listening).toBe(false);
});
