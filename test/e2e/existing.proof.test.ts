import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AthenaClient, GetWorkGroupCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';

const defineConfig = pathToFileURL(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts')).href;
const configText = `import { defineConfig } from '${defineConfig}';
export default defineConfig({
  bucket: 'acme-data',
  region: 'eu-west-1',
  database: 'analytics',
  athena: { workgroup: 'analysts', stagingDatabase: 'staging' },
  existing: {
    bucket: true,
    database: true,
    stagingDatabase: true,
    workgroup: true,
    keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef',
  },
});
`;

let scratch: string;
let cloud: Cloud;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sluice-existing-'));
  const file = join(scratch, 'acme.config.ts');
  writeFileSync(file, configText);
  process.env.SLUICE_CONFIG = file;
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data: join(scratch, 'data') });
});
afterAll(async () => {
  await cloud?.close();
  delete process.env.SLUICE_CONFIG;
  rmSync(scratch, { recursive: true, force: true });
});

describe('a deployment with existing resources', () => {
  it('lands events and queries them, like a deployment that creates all resources', async () => {
    const response = await fetch(`${cloud.collector}/v1/my-product-data?k=client-some-key-0123456789`, {
      method: 'POST',
      body: JSON.stringify({ events: [{ eventName: 'seen', user: { userID: 'u1' }, time: Date.now() }] }),
    });
    expect(response.status).toBe(202);
    expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
    expect(await runQuery(cloud.data, 'SELECT event_name, user_id FROM statsig_forwarded_events')).toEqual([
      { event_name: 'seen', user_id: 'u1' },
    ]);
  });

  it('has a workgroup that writes results where readers expect them', async () => {
    const athena = new AthenaClient({
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const { WorkGroup } = await athena.send(new GetWorkGroupCommand({ WorkGroup: 'analysts' }));
    athena.destroy();
    expect(WorkGroup?.Configuration?.ResultConfiguration?.OutputLocation).toBe(
      's3://acme-data/query-results/',
    );
  });
});
