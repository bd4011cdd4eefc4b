import { readdirSync, writeFileSync } from 'node:fs';
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

  it.each([
    [undefined, 'local'],
    ['dev', 'dev'],
    ['personal-ada', 'personal-ada'],
  ])('for the stage %s packages its values and names', async (asked, stage) => {
    const { config, stackName, template, cached } = await load(apart, asked);
    expect([stackName, config.bucket, cached]).toEqual([`sluice-${stage}`, `acme-${stage}`, false]);
    const text = JSON.stringify(template);
    expect(text).toContain(`"acme-${stage}"`);
    expect(text).toContain(`"sluice-${stage}-write"`);
    expect((await load(apart, asked)).cached).toBe(true);
  });

  it('keeps a package for each stage', () => {
    expect(readdirSync(cacheDirectory)).toHaveLength(3);
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
