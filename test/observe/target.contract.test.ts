import { createServer, type RequestListener } from 'node:http';
import { expect, it } from '@jest/globals';
import { readClock } from '../../observe/target.ts';
import { listen } from '../harness/listen.ts';

it.each<{ readonly what: string; readonly answer: RequestListener }>([
  { what: 'never answers', answer: () => undefined },
  { what: 'begins an answer and never ends it', answer: (_, response) => void response.write('{') },
  { what: 'has no clock', answer: (_, response) => void response.writeHead(404).end('{}') },
])("the time of an endpoint that $what is this machine's", async ({ answer }) => {
  const server = createServer(answer);
  const endpoint = await listen(server);
  const began = Date.now();
  const time = await readClock({ isLocal: true, aws: { endpoint } }, 50);
  server.closeAllConnections();
  server.close();
  expect(time).toBeGreaterThanOrEqual(began);
  expect(time).toBeLessThanOrEqual(Date.now());
});
