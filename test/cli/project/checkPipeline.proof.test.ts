import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkPipeline } from '../../../cli/project/checkPipeline.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { loadTemplate } from '../../../local/loadTemplate.ts';
import { projectRoot } from '../../../local/roots.ts';
import { type Cloud, startCloud } from '../../../local/startCloud.ts';
import { listen } from '../../harness/listen.ts';
import { temporaryDirectory, writeConfig } from '../../harness/temporaryDirectory.ts';

describe('sluice test', () => {
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());

  it('leaves nothing behind when it is ended', async () => {
    const child = spawn(process.execPath, [join(projectRoot, 'cli', 'sluice.mjs'), 'test'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TMPDIR: directory.path, TMP: directory.path, TEMP: directory.path },
    });
    try {
      const ended = once(child, 'close');
      const made = () => readdirSync(directory.path).filter((name) => name.startsWith('sluice-test-'));
      while (made().length === 0 && child.exitCode === null) await nextTurn();
      child.kill('SIGTERM');
      expect(await ended).toEqual([130, null]);
      expect(made()).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('the check of a pipeline', () => {
  const directory = temporaryDirectory();
  let status = 202;
  const server = createServer((_request, response) =>
    response.writeHead(status).end('{"code":"SLUICE_KEY_UNKNOWN"}'),
  );
  let collector = '';
  beforeAll(async () => {
    collector = await listen(server);
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    directory.remove();
  });

  const checked = async (cloud: Pick<Cloud, 'flush'>) => {
    const said: string[] = [];
    const config = defineConfig({ bucket: 'acme-experiments' });
    await checkPipeline({ ...cloud, collector, config, data: directory.path }, (sentence) =>
      said.push(sentence),
    );
    return said;
  };

  it('says what a collector answers that does not take its events', async () => {
    status = 401;
    await expect(checked({ flush: async () => ({ delivered: [], unregistered: 0 }) })).rejects.toMatchObject({
      code: 'SLUICE_TEST_NOT_ACCEPTED',
      detail: 'It answered 401: {"code":"SLUICE_KEY_UNKNOWN"}',
    });
  });

  it('fails when files wait that nothing registers', async () => {
    status = 202;
    await expect(checked({ flush: async () => ({ delivered: [], unregistered: 2 }) })).rejects.toMatchObject({
      code: 'SLUICE_TEST_NOT_FOUND',
      detail: '2 new files could not be registered.',
    });
  });

  it('fails when a row is not there, and knows what the configuration leaves out', async () => {
    const options =
      "{ bucket: 'acme', exposures: { allow: ['checkout*'], deny: [] }, events: { deny: ['sluice_*'] } }";
    const file = writeConfig(directory.path, options);
    const cloud = await startCloud({
      port: 0,
      edgePort: 0,
      data: join(directory.path, 'data'),
      load: () =>
        loadTemplate({
          root: projectRoot,
          env: { SLUICE_CONFIG: file },
        }),
    });
    try {
      const said: string[] = [];
      const report = (sentence: string) => said.push(sentence);
      await checkPipeline(cloud, report);
      expect(said).toEqual([
        'The collector accepted an exposure and an event.',
        'The exposure is a row of sluice.statsig_forwarded_exposures.',
        'The event is left out, as `events` says.',
        'A malformed event is a row of sluice.quarantine.',
      ]);
      // A collector that answers 202 and keeps nothing.
      const forgetful = { collector, config: cloud.config, data: cloud.data, flush: () => cloud.flush() };
      const config = { ...cloud.config, events: { deny: [] } };
      await expect(checkPipeline({ ...forgetful, config }, report)).rejects.toMatchObject({
        code: 'SLUICE_TEST_NOT_FOUND',
        detail: 'sluice.statsig_forwarded_events has no row.',
      });
    } finally {
      await cloud.close();
    }
  });
});
