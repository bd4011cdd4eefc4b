import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { startUpstream, type Upstream } from '../functions/pass-through/startUpstream.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { judgeRole } from './judgeRole.ts';
import { type Policies, readPolicies } from './Policies.ts';
import { heldPage } from './permissionsPage.ts';

const BUCKET = 'sluice-pass-proof';
const ROLE = 'PassThroughRole';

describe('reads that are passed through, deployed', () => {
  const directory = temporaryDirectory();
  let upstream: Upstream;
  let cloud: Cloud;
  let policies: Policies;
  let calls: readonly RecordedCall[];

  beforeAll(async () => {
    upstream = await startUpstream((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"has_updates":true}');
    });
    const file = join(directory.path, 'sluice.config.ts');
    const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
    const input = JSON.stringify({ bucket: BUCKET, passThrough: { url: upstream.url } });
    writeFileSync(file, `import { defineConfig } from ${from};\nexport default defineConfig(${input});\n`);
    const loaded = await loadTemplate({
      root: repositoryRoot,
      cacheDirectory: join(directory.path, 'template'),
      env: { ...process.env, SLUICE_CONFIG: file },
    });
    const { region, id: account, partition } = localAccount;
    const stack = { region, account, partition, stackName: loaded.stackName, endpoint: 'http://127.0.0.1' };
    policies = readPolicies(resolveTemplate(loaded.template, stack));
    cloud = await startCloud({
      ...{ port: 0, edgePort: 0, enforceIam: true, data: join(directory.path, 'data') },
      load: async () => loaded,
    });
    const answer = await fetch(`${cloud.collector}/v2/download_config_specs/secret-proof.json`);
    expect(answer.status).toBe(200);
    // Statsig fails: the last good rules are read.
    upstream.answer = (_, response) => void response.writeHead(500).end('{}');
    const kept = await fetch(`${cloud.collector}/v2/download_config_specs/secret-proof.json?st=node`);
    expect([kept.status, kept.headers.get('x-sluice-rules')]).toEqual([200, 'last-good']);
    const record = await fetch(`${cloud.edge}/_sluice/calls`);
    const { calls: recorded }: { calls: RecordedCall[] } = JSON.parse(await record.text());
    calls = recorded;
  }, 180_000);
  afterAll(async () => {
    await cloud?.close();
    await upstream?.close();
    directory.remove();
  });

  it('has exactly the permissions that its calls need', async () => {
    expect(await judgeRole(policies, ROLE, calls)).toEqual({ denied: [], idle: [] });
  });

  it('is described in docs/reference/permissions.md (SLUICE_WRITE_DOCS=1 updates it)', () => {
    const roles = policies.roles.filter(({ logicalId }) => logicalId === ROLE);
    expect(roles).toHaveLength(1);
    const { page, held } = heldPage(roles, calls, BUCKET);
    expect(page).toBe(held);
  });
});
