import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Bundle, bundleFunctions, linkBundles } from '../../infra/build/bundleFunctions.ts';
import { sum } from '../../lib/base/sum.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { functionConfig } from '../../lib/config/functionConfig.ts';
import { acmeSource, eventsDataset, exportTo, READERS } from '../harness/configInput.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';

const config = defineConfig({ bucket: 'acme-experiments', experiments: ["it's \u2028 </script>"] });
/** SHA-256 of a key, as the configuration has it. */
const KEY_HASH = 'abcd'.repeat(16);
const SOURCE_ACCOUNT = '111111111111';
const EXPORT_ACCOUNT = '222222222222';
const READER_ACCOUNT = '333333333333';

let scratch: ReturnType<typeof scratchRoot>;
afterEach(() => scratch.remove());

/** A {@link scratchRoot} for one test. */
function rootWith(...contents: Parameters<typeof scratchRoot>): string {
  scratch = scratchRoot(...contents);
  return scratch.root;
}

/** A handler that answers its configuration. */
const ECHO = "import config from '#config';\nexport const handler = () => config;\n";

describe('bundleFunctions', () => {
  it('builds one module per function, with the validated configuration and without the validation', async () => {
    const root = rootWith(smallFunctions);
    const bundles = await bundleFunctions({ root, functions: ['collect', 'register'], config });
    expect(bundles.map(({ name }) => name)).toEqual(['collect', 'register']);
    for (const { file, bytes, inputs, name } of bundles) {
      expect(file).toBe(join(root, 'build', name, 'handler.mjs'));
      expect(bytes).toBe(readFileSync(file).byteLength);
      expect(existsSync(`${file}.map`)).toBe(true);
      expect(inputs.filter((input) => /zod|configSchema|sluice\.config/.test(input))).toEqual([]);
    }
    const [collect, register] = await Promise.all(
      bundles.map(({ file }) => import(pathToFileURL(file).href).then(({ handler }) => handler())),
    );
    expect(collect).toBe('acme-experiments');
    expect(register).toEqual(['sluice', 'landing/']);
  });

  it('keeps any text of the configuration unchanged', async () => {
    const root = rootWith({
      'functions/collect/handler.ts': ECHO,
    });
    const [bundle] = await bundleFunctions({ root, functions: ['collect'], config });
    const { handler } = await import(pathToFileURL(bundle?.file ?? '').href);
    expect(handler()).toEqual(functionConfig.collect(config));
  });

  it('gives nothing of the configuration to a function that nobody has listed', async () => {
    const root = rootWith({ 'functions/echo/handler.ts': ECHO });
    const [bundle] = await bundleFunctions({ root, functions: ['echo'], config });
    const { handler } = await import(pathToFileURL(bundle?.file ?? '').href);
    expect(handler()).toEqual({});
  });

  it('writes lazily imported modules to separate files, and removes files of an earlier build', async () => {
    const late = (text: string) => ({
      'functions/late/handler.ts':
        "export const handler = async () => (await import('./large.ts')).text;\nexport const eager = 'eager text';\n",
      'functions/late/large.ts': `export const text = '${text}';\n`,
    });
    const root = rootWith(late('first text'));
    const files = () => readdirSync(join(root, 'build', 'late')).filter((name) => name.endsWith('.mjs'));
    const modules = () => files().map((name) => readFileSync(join(root, 'build', 'late', name), 'utf8'));
    const [first] = await bundleFunctions({ root, functions: ['late'], config });
    expect(files()).toEqual([expect.stringMatching(/^chunk-\w+\.mjs$/), 'handler.mjs']);
    expect(readFileSync(first?.file ?? '', 'utf8')).not.toContain('first text');
    expect(first?.bytes).toBe(sum(modules().map((text) => Buffer.byteLength(text))));
    const { handler } = await import(pathToFileURL(first?.file ?? '').href);
    expect(await handler()).toBe('first text');
    writeFileSync(join(root, 'functions/late/large.ts'), late('second text')['functions/late/large.ts']);
    await bundleFunctions({ root, functions: ['late'], config });
    expect(modules().join()).toContain('second text');
    expect(modules().join()).not.toContain('first text');
  });

  it('makes a bundle once for all configurations, also in two processes at once', async () => {
    const code = rootWith(smallFunctions);
    const link = async (service: string, bucket: string) => {
      const root = join(code, service);
      const request = { root, code, functions: ['collect', 'register'], config: { ...config, bucket } };
      await linkBundles({ ...request, host: 'here' }, join(code, 'kept'));
      const files = request.functions.map((name) => realpathSync(join(root, 'build', name, 'handler.mjs')));
      const [collect] = files.map((file) => pathToFileURL(file).href);
      return { files, answer: await (await import(collect ?? '')).handler() };
    };
    const first = await link('first', 'acme-experiments');
    const [again, second] = await Promise.all([
      link('again', 'acme-experiments'),
      link('second', 'other-experiments'),
    ]);
    expect(again).toEqual(first);
    expect(first.answer).toBe('acme-experiments');
    expect(second.answer).toBe('other-experiments');
    expect(second.files[1]).toBe(first.files[1]);
    const kept = readdirSync(join(code, 'kept')).sort();
    // One bundle of each, the collector's with both buckets.
    expect(kept).toEqual(['collect', ...kept.slice(1, 3), 'register', ...kept.slice(4)]);
    expect(kept).toHaveLength(5);
  });

  it('names a function without a handler, and builds nothing', async () => {
    const root = rootWith(smallFunctions);
    await expect(
      bundleFunctions({ root, functions: ['collect', 'absent', 'export'], config }),
    ).rejects.toMatchObject({
      code: 'SLUICE_BUILD_FUNCTION_MISSING',
      detail: 'absent: expected functions/absent/handler.ts. export: expected functions/export/handler.ts.',
    });
    expect(existsSync(join(root, 'build'))).toBe(false);
  });

  it('names the function and the line that cannot be bundled', async () => {
    const root = rootWith({
      'functions/broken/handler.ts': "import { no } from './no.ts';\nno();\n",
    });
    await expect(bundleFunctions({ root, functions: ['broken'], config })).rejects.toMatchObject({
      code: 'SLUICE_BUILD_FAILED',
      detail: expect.stringMatching(/^broken: .*handler\.ts:1:.*"\.\/no\.ts"/s),
    });
  });
});

/** The functions whose bundles have a text of the planted configuration. */
const HOLDERS: readonly { readonly text: string; readonly holders: readonly string[] }[] = [
  { text: 'planted-label', holders: ['collect', 'ingest-trigger'] },
  { text: KEY_HASH, holders: ['collect', 'ingest-trigger'] },
  { text: 'planted-experiment', holders: ['collect', 'curate', 'curate-plan'] },
  { text: 'planted-group', holders: [] },
  { text: 'planted-salt', holders: [] },
  { text: 'planted-reader', holders: [] },
  { text: READER_ACCOUNT, holders: [] },
  { text: 'planted-topic', holders: [] },
  { text: 'planted.example', holders: ['relay'] },
  { text: 'planted-token', holders: ['relay'] },
  { text: 'planted-source', holders: ['ingest-load', 'ingest-plan', 'ingest-trigger'] },
  { text: 'planted-drops', holders: ['ingest-load', 'ingest-plan'] },
  { text: 'planted-folder', holders: ['ingest-load', 'ingest-plan'] },
  { text: 'planted-role', holders: ['ingest-load', 'ingest-plan'] },
  { text: 'planted-external-id', holders: ['ingest-load', 'ingest-plan'] },
  { text: SOURCE_ACCOUNT, holders: ['ingest-load', 'ingest-plan'] },
  { text: 'planted-receipts', holders: ['ingest-load'] },
  { text: 'planted-warehouse', holders: ['export'] },
  { text: 'planted-other', holders: ['export'] },
  { text: EXPORT_ACCOUNT, holders: ['export'] },
];

describe('the bundle of each function', () => {
  const planted = defineConfig({
    bucket: 'acme-experiments',
    keys: [
      { label: 'planted-label', sha256: KEY_HASH },
      { label: 'drops', sha256: 'dcba'.repeat(16), sources: ['planted-source'] },
    ],
    privacy: { salt: 'planted-salt-that-nothing-uses' },
    experiments: [{ name: 'planted-experiment', split: { 'planted-group': 1, other: 1 } }],
    readers: [{ ...READERS[0], principal: READER_ACCOUNT, externalId: 'planted-reader' }],
    alarms: { topicArn: 'arn:aws:sns:us-east-1:444444444444:planted-topic' },
    relay: { url: 'https://planted.example', headers: { 'x-token': 'planted-token' } },
    sources: [
      acmeSource({
        name: 'planted-source',
        bucket: 'planted-drops',
        owner: SOURCE_ACCOUNT,
        role: { arn: `arn:aws:iam::${SOURCE_ACCOUNT}:role/planted-role`, externalId: 'planted-external-id' },
        receipt: 'planted-receipts',
        datasets: [eventsDataset({ folder: 'planted-folder' })],
      }),
    ],
    exports: [
      exportTo(
        {
          bucket: 'planted-warehouse',
          owner: EXPORT_ACCOUNT,
          role: { arn: `arn:aws:iam::${EXPORT_ACCOUNT}:role/planted-other`, externalId: 'planted-other-id' },
        },
        { name: 'planted-export' },
      ),
    ],
  });
  const { root, remove } = scratchRoot({}, ['functions', 'infra', 'lib', 'node_modules']);
  const functions = readdirSync(join(root, 'functions')).sort();
  const textOf = (name: string) => {
    const folder = join(root, 'build', name);
    const files = readdirSync(folder).filter((file) => /\.mjs(\.map)?$/.test(file));
    return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  };
  let collect: Bundle | undefined;
  const texts = new Map<string, string>();
  beforeAll(async () => {
    const bundles = await bundleFunctions({ root, functions, config: planted, host: 'here' });
    collect = bundles.find(({ name }) => name === 'collect');
    for (const name of functions) texts.set(name, textOf(name));
  });
  afterAll(() => remove());

  it('is below 640 KB for the collector, without a schema library', () => {
    expect(collect?.inputs.filter((input) => input.includes('/zod/'))).toEqual([]);
    expect(collect?.inputs.some((input) => input.includes('client-firehose'))).toBe(true);
    expect(collect?.bytes).toBeLessThan(640 * 1024);
  });

  it('is built for a function that says which parts of the configuration it uses', () => {
    expect(Object.keys(functionConfig).sort()).toEqual(functions);
  });

  it.each(HOLDERS)(
    'has the text $text of the configuration only where a function uses it',
    ({ text, holders }) => {
      expect(functions.filter((name) => texts.get(name)?.includes(text))).toEqual(holders);
    },
  );

  it('has the salt where a function redacts', () => {
    const privacy = { ...planted.privacy, redact: { 'user.email': 'hash' as const } };
    const { collect: used } = functionConfig;
    expect(JSON.stringify(used({ ...planted, privacy }))).toContain('planted-salt');
  });
});
