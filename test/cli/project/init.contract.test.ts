import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { projectFiles, SERVERLESS } from '../../../cli/project/projectFiles.ts';
import { callMain } from '../../harness/callMain.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
afterAll(directory.remove);
let count = 0;
let folder: string;
beforeEach(() => {
  count += 1;
  folder = join(directory.path, String(count), 'my-pipeline');
});

/** The code of an error of `sluice init`. A clone, as that of the tests, makes no project. */
const refusal = async (...args: readonly string[]) => {
  const { code, stdout } = await callMain(['init', ...args, '--json']);
  return [code, JSON.parse(stdout).error.code];
};

describe('sluice init', () => {
  it.each(['my--pipeline', 'My-pipeline', '1pipeline', 'pipeline-', 'pi', 'p'.repeat(33)])(
    'refuses the name %s',
    async (name) => {
      expect(await refusal(join(directory.path, name))).toEqual([1, 'SLUICE_INIT_NAME']);
    },
  );

  it.each(['a1b', `p${'-p'.repeat(15)}`])('takes the name %s', async (name) => {
    expect(await refusal(join(directory.path, name))).toEqual([1, 'SLUICE_INIT_SOURCE']);
  });

  it('refuses a service that no stack can have', async () => {
    expect(await refusal(folder, '--service', 'a b')).toEqual([2, 'SLUICE_USAGE_OPTIONS']);
  });

  it.each([
    { what: 'that is not there', files: null, code: 'SLUICE_INIT_SOURCE' },
    { what: 'of an empty clone', files: ['.git', '.DS_Store'], code: 'SLUICE_INIT_SOURCE' },
    { what: 'with a file', files: ['.git', 'a'], code: 'SLUICE_INIT_NOT_EMPTY' },
  ])('answers $code to a folder $what, and writes nothing', async ({ files, code }) => {
    if (files !== null) mkdirSync(folder, { recursive: true });
    for (const file of files ?? []) writeFileSync(join(folder, file), '');
    expect(await refusal(folder)).toEqual([1, code]);
    if (files !== null) expect(readdirSync(folder).sort()).toEqual(files.sort());
  });

  it('refuses a file', async () => {
    mkdirSync(join(folder, '..'));
    writeFileSync(folder, '');
    expect(await refusal(folder)).toEqual([1, 'SLUICE_INIT_NOT_EMPTY']);
  });
});

it('the files of a project have its names, and no placeholder', () => {
  const files = projectFiles({ name: 'my-pipeline', service: 'acme-events', from: '1.2.3' });
  expect(Object.values(files).join('\n')).not.toMatch(/__[A-Z]+__/);
  expect(JSON.parse(files['package.json'] ?? '')).toMatchObject({
    name: 'my-pipeline',
    dependencies: { '@sluice-pipeline/sluice': '1.2.3', serverless: SERVERLESS },
  });
  expect(files['sluice.config.ts']).toContain('database: `my_pipeline_');
  expect(files['sluice.config.ts']).toContain("'acme-events'");
});
