import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { defaultDataDirectory } from '../../local/roots.ts';
import { collectorUrl, startCloud } from '../../local/startCloud.ts';
import { parseTemplate } from '../../packages/local-aws/src/template/index.ts';
import { listen } from '../harness/listen.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

it.each([
  { what: 'its gateway if it has one', api: 'http://gateway', url: 'http://gateway' },
  { what: 'its Function URL without a gateway', api: undefined, url: 'http://collect' },
])('the collector is reached by $what', ({ api, url }) => {
  const functionUrls = {
    'sluice-local-ingest-trigger': 'http://trigger',
    'sluice-local-collect': 'http://collect',
  };
  expect(collectorUrl({ api, functionUrls })).toBe(url);
});

it.each([
  { stage: undefined, folder: /\.sluice\/data$/ },
  { stage: 'local', folder: /\.sluice\/data$/ },
  { stage: 'dev', folder: /\.sluice\/data-dev$/ },
])('the data of the stage $stage, by default local, is in the folder of the stage', ({ stage, folder }) => {
  expect(defaultDataDirectory(stage)).toMatch(folder);
});

/** Two ports that nobody listens on. Both are held until both are known, as the first could come again. */
async function freePorts(): Promise<{ readonly port: number; readonly edgePort: number }> {
  const servers = [createServer(), createServer()] as const;
  const [first, second] = await Promise.all([listen(servers[0]), listen(servers[1])]);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { port: Number(new URL(first).port), edgePort: Number(new URL(second).port) };
}

it('a local cloud is at the ports that were chosen, answers the hosts that are allowed, and runs what was loaded', async () => {
  const directory = temporaryDirectory();
  const config = defineConfig({ bucket: 'acme', database: 'acme' });
  const template = parseTemplate({
    Resources: {
      HttpApi: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP', Name: 'acme' } },
    },
  });
  const { port, edgePort } = await freePorts();
  const data = join(directory.path, 'data');
  const cloud = await startCloud({
    port,
    edgePort,
    data,
    allowedHosts: ['sluice.test'],
    load: async () => ({ template, directory: directory.path, config, stackName: 'acme-local' }),
  });
  try {
    expect(cloud).toMatchObject({
      collector: `http://127.0.0.1:${port}`,
      edge: `http://127.0.0.1:${edgePort}`,
      bucket: 'acme',
      database: 'acme',
    });
    expect(cloud.status()).toMatchObject({ collector: cloud.collector, edge: cloud.edge, data });
    for (const address of [cloud.collector, cloud.edge])
      for (const { host, isRefused } of [
        { host: 'sluice.test', isRefused: false },
        { host: 'other.test', isRefused: true },
      ]) {
        const [answer] = await once(get(address, { headers: { host } }), 'response');
        expect({ address, host, isRefused: (await text(answer)).includes('HOST_REFUSED') }).toEqual({
          address,
          host,
          isRefused,
        });
      }
  } finally {
    await cloud.close();
    directory.remove();
  }
});
