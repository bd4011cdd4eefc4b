import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { loadComparedConfig, loadConfig } from '../../../lib/config/loadConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { projectRoot } from '../../../local/roots.ts';
import { acmeSource, exportTo } from '../../harness/configInput.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { textOf } from '../../harness/textOf.ts';
import { byPath } from './problemPaths.ts';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

let files = 0;
/** A configuration file with this text below the import of defineConfig. */
function fileWith(text: string): string {
  files += 1;
  const file = join(directory.path, `${files}.config.ts`);
  const from = JSON.stringify(join(projectRoot, 'lib', 'config', 'defineConfig.ts'));
  writeFileSync(file, `import { defineConfig } from ${from};\n${text}\n`);
  return file;
}

/** A file that exports what defineConfig makes of these arguments. */
const defined = (text: string) => fileWith(`export default defineConfig(${text});`);

/** A function that has every name apart, but for what is given for single stages. */
function fileFor(
  different: Readonly<Record<string, Partial<ConfigInput>>>,
  stages = ['dev', 'prod'],
): string {
  return fileWith(`const different = ${JSON.stringify(different)};
export default defineConfig(
  ({ stage }) => ({
    bucket: 'acme-' + stage,
    database: 'sluice_' + stage.replaceAll('-', '_'),
    ...different[stage],
    athena: { workgroup: 'sluice-' + stage, stagingDatabase: 'staging_' + stage.replaceAll('-', '_'), ...different[stage]?.athena },
  }),
  { stages: ${JSON.stringify(stages)} },
);`);
}

/** The code of what is thrown, with the stage and the fields that it names; empty if nothing is. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, stage] = /\bStage ([\w-]+):/.exec(error.detail) ?? [];
    return [error.code.replace('SLUICE_CONFIG_', ''), stage, ...error.fields].filter(Boolean).join(' ');
  }
  return '';
}

/** Expects that a file is refused for a stage. @param expected What {@link refusal} says. */
async function refuses(file: string, expected: string, stage = 'dev', load = loadConfig): Promise<void> {
  expect(await refusal(() => load(file, stage))).toBe(expected);
}

const byStage = "({ stage }) => ({ bucket: 'acme-' + stage })";

describe('a configuration for several stages', () => {
  it.each([
    {
      what: 'the second argument',
      text: `export default defineConfig(${byStage}, { stages: ['dev', 'prod'] });`,
    },
    {
      what: 'a function that returns a promise',
      text: "export default defineConfig(async ({ stage }) => ({ bucket: 'acme-' + stage }), { stages: ['dev', 'prod'] });",
    },
  ])('lists them as $what', async ({ text }) => {
    const file = fileWith(text);
    for (const stage of ['dev', 'prod', 'personal-ada', 'local'])
      expect(await loadConfig(file, stage)).toEqual(defineConfig({ bucket: `acme-${stage}` }));
    await refuses(file, 'STAGE_UNKNOWN', 'staging');
  });

  it('is for dev alone without a list', async () => {
    const file = defined(`${byStage}`);
    expect((await loadConfig(file, 'dev')).bucket).toBe('acme-dev');
    for (const stage of ['personal-ada', `personal-${'a'.repeat(23)}`])
      expect((await loadConfig(file, stage)).bucket).toBe(`acme-${stage}`);
    await refuses(file, 'STAGE_UNKNOWN', 'prod');
  });

  it.each([
    'personal-',
    'personal',
    'personal-Ada',
    'personal-a_b',
    `personal-${'a'.repeat(24)}`,
    'Dev',
    '',
    '*',
  ])('is not for the stage %j', async (stage) => {
    const file = defined(`${byStage}, { stages: ['dev', 'prod'] }`);
    await refuses(file, 'STAGE_UNKNOWN', stage);
  });

  it.each([
    { what: 'a field', text: "export default defineConfig(() => ({ bucket: 'A' }));" },
    { what: 'the call for a stage', text: 'export default defineConfig(() => ({}).none.bucket);' },
    { what: 'an object', text: 'export default defineConfig({ buckets: 1 });' },
  ])('names the file that was read where $what is refused', async ({ text }) => {
    const file = fileWith(text);
    await expect(loadConfig(file, 'dev')).rejects.toMatchObject({
      detail: expect.stringContaining(`${file}:`),
    });
  });

  it.each([
    { what: 'does not parse', text: 'const = 1;', code: 'BROKEN' },
    { what: 'throws an error', text: "\nthrow new TypeError('no stage');", code: 'BROKEN' },
    { what: 'throws a text', text: "throw 'no stage';", code: 'BROKEN' },
    { what: 'imports what is not there', text: "import './none.ts';", code: 'BROKEN' },
    { what: 'is not valid where it is made', text: 'defineConfig({ bucket: 1 });', code: 'INVALID bucket' },
    { what: 'exports no configuration', text: '', code: 'NOT_FOUND' },
  ])('names the file that $what', async ({ text, code }) => {
    const file = fileWith(text);
    await refuses(file, code);
    await expect(loadConfig(file, 'dev')).rejects.toMatchObject({ detail: expect.stringContaining(file) });
  });

  it('names the line at which the file throws, and says of no file that it is not there', async () => {
    const file = fileWith("\nthrow new TypeError('no stage');");
    await expect(loadConfig(file, 'dev')).rejects.toMatchObject({
      detail: `${file}:3:7: TypeError: no stage`,
    });
    const missing = join(directory.path, 'none.config.ts');
    await refuses(missing, 'NOT_FOUND');
  });

  it('suggests the stage that is meant', async () => {
    const file = defined(`${byStage}, { stages: ['dev', 'prod'] }`);
    await expect(loadConfig(file, 'prd')).rejects.toThrow('Did you mean prod?');
  });

  it('refuses a list among the fields', async () => {
    const file = defined("() => ({ bucket: 'acme', stages: ['dev'] })");
    await refuses(file, 'INVALID dev stages');
    const object = defined("{ bucket: 'acme', stages: ['dev'] }");
    await refuses(object, 'INVALID stages');
  });

  it.each(['sluice-prod-b', 'team/sluice-prod-b', 'team/eu/sluice-prod-b'])(
    'refuses a boundary that a role of any listed stage may change: %s',
    async (policy) => {
      const boundary = `permissionsBoundary: 'arn:aws:iam::111122223333:policy/${policy}'`;
      for (const text of [`() => ({ bucket: 'acme', ${boundary} })`, `{ bucket: 'acme', ${boundary} }`]) {
        const file = defined(`${text}, { stages: ['dev', 'prod'] }`);
        expect(await refusal(() => loadConfig(file, 'dev'))).toMatch(
          /^INVALID (?:dev )?permissionsBoundary$/,
        );
      }
    },
  );

  it.each([
    { list: `['dev', 'local']`, field: 'stages.1' },
    { list: `['personal-ada']`, field: 'stages.0' },
    { list: `['Prod']`, field: 'stages.0' },
    { list: `['${'p'.repeat(33)}']`, field: 'stages.0' },
    { list: '[]', field: 'stages' },
    { list: `['dev', 'dev']`, field: 'stages' },
    { list: `'prod'`, field: 'stages' },
  ])('refuses the list $list wherever it is given', async ({ list, field }) => {
    for (const text of [
      `export default defineConfig(${byStage}, { stages: ${list} });`,
      `export default { bucket: 'acme', stages: ${list} };`,
    ])
      await refuses(fileWith(text), `INVALID ${field}`);
  });

  it('refuses another member beside the list', async () => {
    const file = defined(`${byStage}, { stage: ['dev'] }`);
    await refuses(file, 'INVALID stage');
  });

  it('names the stage for which the function failed, or returned what is not valid', async () => {
    const file = fileWith(`export default defineConfig(
  ({ stage }) => {
    if (stage === 'prod') throw new TypeError('no bucket for prod');
    return { bucket: stage === 'dev' ? 'Acme' : 'acme-' + stage };
  },
  { stages: ['dev', 'prod'] },
);`);
    await refuses(file, 'STAGE_FAILED prod', 'prod');
    await refuses(file, 'INVALID dev bucket');
    expect((await loadConfig(file, 'local')).bucket).toBe('acme-local');
    await refuses(file, 'INVALID dev bucket', 'personal-ada', loadComparedConfig);
    const nothing = defined("() => undefined, { stages: ['dev'] }");
    await refuses(nothing, 'INVALID dev');
  });
});

describe('a configuration that is an object', () => {
  it('is for dev, or for the one stage that is listed', async () => {
    const plain = defined("{ bucket: 'acme' }");
    for (const stage of ['dev', 'local'])
      expect(await loadComparedConfig(plain, stage)).toEqual(defineConfig({ bucket: 'acme' }));
    await refuses(plain, 'STAGE_UNKNOWN', 'prod');
    for (const text of [
      "export default defineConfig({ bucket: 'acme' }, { stages: ['prod'] });",
      "export default { bucket: 'acme', stages: ['prod'] };",
    ]) {
      const file = fileWith(text);
      expect(await loadConfig(file, 'prod')).toEqual(defineConfig({ bucket: 'acme' }));
      await refuses(file, 'STAGE_UNKNOWN');
    }
  });

  it('is for neither several stages nor personal ones, which would share every name', async () => {
    const several = defined("{ bucket: 'acme' }, { stages: ['dev', 'prod'] }");
    for (const stage of ['dev', 'prod', 'local', 'staging'])
      await refuses(several, 'STAGES_OF_OBJECT', stage);
    const plain = defined("{ bucket: 'acme' }");
    await refuses(plain, 'STAGES_OF_OBJECT', 'personal-ada');
  });

  it('is validated as defineConfig validates it, without defineConfig', async () => {
    const file = fileWith("export default { bucket: 'acme', buckets: 'acme' };");
    await refuses(file, 'INVALID buckets');
    const nothing = fileWith('export const config = 1;');
    await refuses(nothing, 'NOT_FOUND');
  });
});

describe('the example of docs/deploy.md', () => {
  it('has two stages, and one for each developer, that share nothing', async () => {
    const page = textOf('docs', 'deploy.md');
    const [, example = ''] = /^## Stages$.*?```ts\n(.*?)```/ms.exec(page) ?? [];
    const sha256 = '0'.repeat(64);
    const file = fileWith(
      example.replace(/^import .*$/m, '').replaceAll("sha256: '…'", `sha256: '${sha256}'`),
    );
    const names = async (stage: string) => {
      const { bucket, database, athena } = await loadComparedConfig(file, stage);
      return [bucket, database, athena.workgroup, athena.stagingDatabase];
    };
    expect(String(await names('prod'))).toBe('acme-experiments-prod,sluice,sluice-prod,statsig_staging');
    expect(String(await names('dev'))).toBe('acme-experiments-dev,sluice_dev,sluice-dev,statsig_staging_dev');
    expect(await names('personal-ada')).toContain('sluice_personal_ada');
    expect(await names('local')).toContain('acme-experiments-local');
  });
});

const source = (bucket: string) => ({
  sources: [acmeSource({ bucket, owner: '111122223333' })],
});
/** Of two sources, the second has receipts. */
const withReceipt = (receipt: string) => ({
  sources: [
    ...source('first-drops').sources,
    ...source('acme-drops').sources.map((one) => ({ ...one, name: 'second', receipt })),
  ],
});
const exported = (bucket: string, folder: string) => ({
  exports: [exportTo({ bucket, folder, owner: '111122223333' }, { name: 'events' })],
});
const withReader = (iamName: string) => ({ readers: [{ kind: 'metabase' as const, name: 'bi', iamName }] });
const arn = 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';

describe('two stages', () => {
  it.each(['prod-ingest', 'prod-eu', 'prod-eu-2'])(
    'may not be prod and %s in one account, whose names begin with the same words',
    async (name) => {
      const stages = ['prod', name];
      // Roles have no region, and a stage whose account is not stated may be in another stage's account.
      for (const more of [{}, { region: 'eu-west-1' }, { account: '444455556666' }] as const)
        for (const stage of stages)
          await refuses(fileFor({ [name]: more }, stages), 'STAGES_SHARE stages', stage, loadComparedConfig);
      const accounts = { prod: { account: '111122223333' }, [name]: { account: '444455556666' } };
      expect((await loadComparedConfig(fileFor(accounts, stages), 'prod')).bucket).toBe('acme-prod');
    },
  );

  it.each([
    { name: 'prod-eu', different: { 'prod-eu': { service: 'acme' } }, expected: '' },
    { name: 'eu', different: { eu: { service: 'sluice-prod' } }, expected: 'STAGES_SHARE stages' },
  ])('are compared by the names of their stacks: prod and $name', async ({ name, different, expected }) => {
    const file = fileFor(different, ['prod', name]);
    expect(await refusal(() => loadComparedConfig(file, 'prod'))).toBe(expected);
  });

  it.each([
    { service: 'acme-experiments', first: 'eu-dev', second: 'eu-prod', expected: 'STAGES_SHARE stages' },
    // Of `pro` the whole name is in its pattern, which that of `prod` covers.
    { service: 'acme-experiments', first: 'pro', second: 'prod', expected: 'STAGES_SHARE stages' },
    { service: 'acme-experiments', first: 'perf', second: 'personal-ada', expected: 'STAGES_SHARE stages' },
    { service: 'acme-experiments', first: 'dev', second: 'prod', expected: '' },
    { service: 'sluice', first: 'eu-dev', second: 'eu-prod', expected: '' },
  ])(
    'of $service are $first and $second: patterns for names of roles tell them apart',
    async ({ service, first, second, expected }) => {
      const different = { [first]: { service }, [second]: { service } };
      const stages = [first, second].filter((stage) => !stage.startsWith('personal-'));
      const file = fileFor(different, stages);
      expect(await refusal(() => loadComparedConfig(file, second))).toBe(expected);
    },
  );

  it('have names that fit beside that of the service: a longer one leaves less', async () => {
    const longest = 's'.repeat(32);
    const load = (service: string, stage: string) => () =>
      loadConfig(fileFor({ [stage]: { service } }, [stage]), stage);
    expect(await refusal(load('sluice', longest))).toBe('');
    expect(await refusal(load('sluices', longest))).toContain('INVALID');
    expect(await refusal(load('sluices', longest.slice(1)))).toBe('');
  });

  it('may be prod, production and eu-prod', async () => {
    const stages = ['prod', 'production', 'eu-prod'];
    const { bucket } = await loadComparedConfig(fileFor({}, stages), 'production');
    expect(bucket).toBe('acme-production');
  });

  it.each(
    byPath<Readonly<Record<string, Partial<ConfigInput>>>>({
      bucket: {
        'a bucket': { prod: { bucket: 'acme-dev' } },
        'a bucket that exists': {
          dev: { existing: { bucket: true, keyArn: arn } },
          prod: { bucket: 'acme-dev', existing: { bucket: true, keyArn: arn }, statsigFolder: 'prod' },
        },
        'a bucket in another account and region, as its name is global': {
          dev: { account: '111122223333' },
          prod: { account: '444455556666', region: 'eu-west-1', bucket: 'acme-dev' },
        },
      },
      'exports.0.target.folder': {
        'a folder that both export to': {
          dev: exported('acme-warehouse', 'sluice/events'),
          prod: exported('acme-warehouse', 'sluice'),
        },
        'a folder that one exports to and the other writes receipts to': {
          dev: withReceipt('sluice/r'),
          prod: exported('acme-drops', 'sluice'),
        },
      },
      'sources.1.receipt': { 'a folder of receipts': { dev: withReceipt('r'), prod: withReceipt('r') } },
      'readers.0.iamName': { 'the user of a reader': { dev: withReader('Owox'), prod: withReader('OWOX') } },
    }),
  )('may not share $what', async ({ input, path }) => {
    const file = fileFor(input);
    for (const stage of ['dev', 'prod', 'personal-ada'])
      await refuses(file, `STAGES_SHARE ${path}`, stage, loadComparedConfig);
    // The local cloud is in no account.
    expect((await loadComparedConfig(file, 'local')).bucket).toBe('acme-local');
  });

  it.each<{ readonly what: string; readonly different: Readonly<Record<string, Partial<ConfigInput>>> }>([
    {
      what: 'a KMS key',
      different: { dev: { existing: { keyArn: arn } }, prod: { existing: { keyArn: arn } } },
    },
    {
      what: 'the name of a user in two accounts',
      different: {
        dev: { ...withReader('owox'), account: '111122223333' },
        prod: { ...withReader('owox'), account: '444455556666' },
      },
    },
    { what: 'a folder that both read', different: { dev: source('acme-drops'), prod: source('acme-drops') } },
    {
      what: 'what one exports and the other reads',
      different: { dev: source('acme-warehouse'), prod: exported('acme-warehouse', 'events') },
    },
  ])('may share $what', async ({ different }) => {
    const file = fileFor(different);
    for (const stage of ['dev', 'prod'])
      expect(await loadComparedConfig(file, stage)).toMatchObject({ bucket: `acme-${stage}` });
  });

  it('are compared with a personal one that is packaged', async () => {
    const file = fileFor({ 'personal-ada': { bucket: 'acme-prod' } });
    await refuses(file, 'STAGES_SHARE bucket', 'personal-ada', loadComparedConfig);
    expect((await loadComparedConfig(file, 'personal-bob')).bucket).toBe('acme-personal-bob');
    expect((await loadComparedConfig(file, 'prod')).bucket).toBe('acme-prod');
  });

  it('are compared without the salt of the other, which only its own machine may have', async () => {
    const file = fileWith(`export default defineConfig(
  ({ stage }) => ({
    bucket: 'acme-' + stage,
    database: 'sluice_' + stage,
    athena: { workgroup: 'sluice-' + stage, stagingDatabase: 'staging_' + stage },
    privacy: { redact: { 'user.email': 'hash' }, salt: stage === 'dev' ? 'the salt of the stage dev' : undefined },
  }),
  { stages: ['dev', 'prod'] },
);`);
    expect((await loadComparedConfig(file, 'dev')).privacy.salt).toBe('the salt of the stage dev');
    await refuses(file, 'INVALID prod privacy.salt', 'prod', loadComparedConfig);
  });
});
