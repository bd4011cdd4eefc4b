import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';

const { root, remove } = scratchRoot(smallFunctions);
afterAll(remove);
const cacheDirectory = join(root, '.sluice', 'template');

function write(name: string, body: string): string {
  const file = join(root, `${name}.config.ts`);
  writeFileSync(
    file,
    `import { defineConfig } from './lib/config/defineConfig.ts';
export default defineConfig(({ stage }) => { ${body} }, { stages: ['dev', 'prod'] });\n`,
  );
  return file;
}

const load = (SLUICE_CONFIG: string, stage?: string) =>
  loadTemplate({ root, cacheDirectory, env: { SLUICE_CONFIG }, stage });

describe('the local cloud with a configuration for several stages', () => {
  const apart = write(
    'apart',
    "return { bucket: 'acme-' + stage, database: 'tables_' + stage.replace('-', '_'), athena: { workgroup: stage, stagingDatabase: 'staging_' + stage.replace('-', '_') } };",
  );

  it('packages the values and names of the stage that is asked for, each once', async () => {
    const { config, stackName, template, cached } = await load(apart, 'personal-ada');
    expect([stackName, config.bucket, cached]).toEqual(['sluice-personal-ada', 'acme-personal-ada', false]);
    expect(JSON.stringify(template)).toContain('"sluice-personal-ada-write"');
    expect((await load(apart)).config.bucket).toBe('acme-local');
    expect((await load(apart, 'personal-ada')).cached).toBe(true);
  });

  it('starts with the stage local when other stages share a bucket or fail', async () => {
    const file = write(
      'shared',
      "if (stage === 'prod') throw new Error('not here'); return { bucket: 'acme-shared' };",
    );
    expect((await load(file)).config.bucket).toBe('acme-shared');
    await expect(load(file, 'dev')).rejects.toMatchObject({ code: 'SLUICE_CONFIG_STAGE_FAILED' });
    await expect(load(file, 'staging')).rejects.toMatchObject({ code: 'SLUICE_CONFIG_STAGE_UNKNOWN' });
  });
});
