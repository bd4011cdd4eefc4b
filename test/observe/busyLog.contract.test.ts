import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { readLive } from '../../observe/live/live.ts';

/** Pages without a line of a request: the log of a busy collector has mostly lines of metrics. */
const EMPTY_PAGES = 45;
const NOW = Date.parse('2026-11-20T10:00:00Z');
const line = { level: 'warn', event: 'collect', status: 401, code: 'SLUICE_KEY_UNKNOWN', ms: 3 };

/** A CloudWatch Logs that answers as AWS may: "a page can be empty although others follow". */
const server = createServer(async (request, response) => {
  const { nextToken } = JSON.parse(await text(request));
  const page = Number(nextToken ?? 0);
  const answer =
    page < EMPTY_PAGES
      ? { events: [], nextToken: String(page + 1) }
      : { events: [{ eventId: 'one', timestamp: NOW - 1_000, message: JSON.stringify(line) }] };
  response.setHeader('content-type', 'application/x-amz-json-1.1').end(JSON.stringify(answer));
});
let deployment: Deployment;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  deployment = openDeployment(
    {
      config: defineConfig({ bucket: 'acme-experiments' }),
      stack: { service: 'sluice', stage: 'prod' },
      isLocal: false,
      now: NOW,
    },
    {
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
  );
});
afterAll(() => {
  deployment.close();
  server.closeAllConnections();
  server.close();
});

describe('Live of a deployment with a busy log', () => {
  it('goes on behind pages that are empty', async () => {
    // A filter, so that no files are listed.
    const filter = { errors: true };
    let after: string | undefined;
    for (let read = 0; read < 5; read += 1) {
      const answer = await readLive(deployment, { after, last: 10, filter });
      if (answer.entries.length > 0) {
        expect(answer.entries).toEqual([expect.objectContaining({ status: 401, code: line.code })]);
        expect(read).toBe(2);
        return;
      }
      after = answer.next;
    }
    throw new Error('the line was never read');
  });
});
