// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configuration files
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVERLESS } from '../../cli/project/projectFiles.ts';
import { pinnedBinding } from '../../infra/build/duckDbBinding.ts';
import { PACKAGE_NAME, VERSION } from '../../lib/base/version.ts';
import { projectRoot } from '../../local/roots.ts';
import { shellWords } from '../harness/npxWords.ts';
import { brokenLinks } from '../harness/pageLinks.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';
import { packageTemplate } from '../infra/packageTemplate.ts';
import { templateConfigurations } from '../infra/templateConfigurations.ts';
import { type Layout, PackedProject, packPackage, type Ran } from './PackedProject.ts';

const directory = temporaryDirectory();
let packed: ReturnType<typeof packPackage>;
/** The files that `sluice init` has made. */
let made: string;
let init: (folder: string, ...options: readonly string[]) => ReturnType<PackedProject['sluice']>;

/** A project of the files that `init` makes. */
function projectAs(layout: Layout, name: string = layout): PackedProject {
  const root =
    layout === 'workspace' ? join(directory.path, name, 'packages', 'pipeline') : join(directory.path, name);
  mkdirSync(root, { recursive: true });
  for (const file of ['package.json', 'sluice.config.ts', 'serverless.yml', 'tsconfig.json'])
    writeFileSync(join(root, file), readFileSync(join(made, file)));
  return new PackedProject(root, layout, packed.unpacked);
}

beforeAll(() => {
  const folder = (name: string) => {
    mkdirSync(join(directory.path, name));
    return join(directory.path, name);
  };
  packed = packPackage(folder('packed'), VERSION);
  // The result of `npx --package ./sluice.tgz`: a folder of npm's own with one dependency.
  const npx = folder('npx');
  const installed = new PackedProject(npx, 'npm', packed.unpacked);
  const dependencies = { [PACKAGE_NAME]: `file:../packed/sluice-pipeline-sluice-${VERSION}.tgz` };
  installed.write('package.json', JSON.stringify({ dependencies }));
  const work = folder('work');
  init = (name, ...more) => installed.sluice(['init', name, ...more], { cwd: work });
  // All that follows is of stacks that begin so.
  const { status, stderr } = init('my-pipeline', '--service', 'acme-events');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  made = join(work, 'my-pipeline');
});
afterAll(() => directory.remove());

/** All that a command printed: Serverless writes errors to stdout where nobody watches. */
const said = ({ stdout, stderr }: Ran) => `${stdout}${stderr}`;

/** Paths of all files below a folder. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

describe('the npm package', () => {
  it('has built code once, and neither tests nor sources nor places of the machine that packed it', () => {
    const files = filesOf(packed.unpacked);
    expect(files.length).toBeGreaterThan(500);
    expect(
      files.filter((file) => /(^|\/)test\/|\.test\.|\.tsx?$/.test(file.replace(/\.d\.ts$/, ''))),
    ).toEqual([]);
    const texts = files.filter((file) => /\.(js|mjs|cjs|json|ts)$/.test(file));
    const wrong = texts.filter((file) => {
      const text = readFileSync(join(packed.unpacked, file), 'utf8');
      return text.includes(projectRoot) || (homedir() !== '/' && text.includes(`${homedir()}/`));
    });
    expect(wrong).toEqual([]);
    // Every module that another one names is there.
    const named = texts.flatMap((file) =>
      [
        ...readFileSync(join(packed.unpacked, file), 'utf8').matchAll(
          /["'](\.{1,2}\/[\w./-]+\.(?:js|ts|mjs|cjs))["']/g,
        ),
      ]
        .map(([, path = '']) => join(packed.unpacked, file, '..', path.replace(/(?<!\.d)\.ts$/, '.js')))
        .filter((path) => !existsSync(path) && !existsSync(path.replace(/\.js$/, '.d.ts'))),
    );
    expect(named.map((path) => path.slice(packed.unpacked.length))).toEqual([]);
  });

  it('has pages whose links lead to what is in it', () => {
    const pages = filesOf(packed.unpacked).filter((file) => file.endsWith('.md'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/README.md']));
    expect(brokenLinks(packed.unpacked, pages)).toEqual([]);
  });

  it('is small, has exact dependencies, and can be published with provenance', async () => {
    const bytes = filesOf(packed.unpacked).reduce(
      (sum, file) => sum + statSync(join(packed.unpacked, file)).size,
      0,
    );
    expect(bytes).toBeLessThan(10e6);
    expect(statSync(packed.tarball).size).toBeLessThan(3e6);
    const manifest = JSON.parse(readFileSync(join(packed.unpacked, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      name: PACKAGE_NAME,
      version: VERSION,
      license: 'Apache-2.0',
      engines: { node: '>=24' },
      publishConfig: { access: 'public', provenance: true },
      repository: { type: 'git' },
    });
    expect(manifest.scripts).toBeUndefined();
    const said = spawnSync('npm', ['publish', '--dry-run', '--offline', '--json'], {
      cwd: packed.unpacked,
      encoding: 'utf8',
      timeout: COMMAND_MS,
    });
    expect(said.status).toBe(0);
    expect(said.stderr).not.toContain('auto-corrected');
    for (const architecture of ['arm64', 'x86_64'] as const) {
      const pinned = await pinnedBinding(packed.unpacked, architecture);
      expect(pinned).toEqual(await pinnedBinding(projectRoot, architecture));
    }
    const versions = Object.values<string>(manifest.dependencies);
    expect(versions.length).toBeGreaterThan(15);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    expect(
      ['LICENSE', 'README.md', 'CHANGELOG.md', 'docs/project.md', 'examples/waf/template.yaml'].filter(
        (file) => !existsSync(join(packed.unpacked, file)),
      ),
    ).toEqual([]);
  });
});

describe('sluice init', () => {
  it('makes a folder of few files with two dependencies, and keeps the tarball that it came from', () => {
    expect(filesOf(made).sort()).toEqual([
      '.github/workflows/sluice.yml',
      '.gitignore',
      'README.md',
      'package.json',
      'serverless.yml',
      `sluice-pipeline-sluice-${VERSION}.tgz`,
      'sluice.config.ts',
      'tsconfig.json',
    ]);
    const manifest = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'my-pipeline', private: true });
    expect(manifest.dependencies).toEqual({
      [PACKAGE_NAME]: `file:sluice-pipeline-sluice-${VERSION}.tgz`,
      serverless: SERVERLESS,
    });
    const yaml = createRequire(import.meta.url)('js-yaml');
    const workflow = yaml.load(readFileSync(join(made, '.github', 'workflows', 'sluice.yml'), 'utf8'));
    expect(Object.keys(workflow.jobs)).toEqual(['test', 'package', 'deploy']);
    expect(workflow.jobs.deploy.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    const { devDependencies, dependencies } = JSON.parse(textOf('package.json'));
    expect({ ...devDependencies, ...dependencies }.serverless).toBe(SERVERLESS);
  });

  it('tells each file that it has made', () => {
    const { files } = JSON.parse(init('told', '--json').stdout);
    expect(files.toSorted()).toEqual(filesOf(join(made, '..', 'told')).sort());
  });

  it('says how it is entered, whatever its folder is called', () => {
    const folder = join("it's [new] (1)", 'other');
    const [, enter = ''] = /^ {2}(cd .+)$/m.exec(init(folder).stdout) ?? [];
    expect(shellWords(`npx ${enter}`)).toEqual(['npx', 'cd', folder]);
  });

  it('refuses a folder with files, a file, and names that a bucket cannot have', () => {
    const again = init('my-pipeline');
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('SLUICE_INIT_NOT_EMPTY') });
    expect(again.stderr).toContain('has .github and 7 more');
    expect(init(join('my-pipeline', 'package.json')).stderr).toContain('SLUICE_INIT_NAME');
    for (const name of ['My_Pipeline', 'a', '9lives', 'two--hyphens', 'x'.repeat(33)]) {
      const refused = init(name);
      expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('SLUICE_INIT_NAME') });
      expect(existsSync(join(made, '..', name))).toBe(false);
    }
    expect(init('').status).toBe(2);
    expect(init('served', '--service', 'Acme Events').status).toBe(2);
    const cloned = join(made, '..', 'cloned');
    mkdirSync(join(cloned, '.git'), { recursive: true });
    writeFileSync(join(cloned, 'README.md'), '# ours\n');
    expect(init('cloned').stderr).toContain('has README.md.');
    expect(readdirSync(cloned)).toEqual(['.git', 'README.md']);
    expect(readFileSync(join(cloned, 'README.md'), 'utf8')).toBe('# ours\n');
    rmSync(join(cloned, 'README.md'));
    expect(init('cloned').stderr).toBe('');
    expect(readdirSync(cloned)).toContain('sluice.config.ts');
  });
});

describe('a project', () => {
  it('knows the types of its configuration', () => {
    const project = projectAs('pnpm', 'typed');
    const compiler = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const compile = () =>
      spawnSync(process.execPath, [compiler, '-p', '.'], {
        cwd: project.root,
        encoding: 'utf8',
        timeout: COMMAND_MS,
      });
    expect(compile()).toMatchObject({ status: 0, stdout: '' });
    const text = readFileSync(join(project.root, 'sluice.config.ts'), 'utf8');
    // A value that depends on the deployment comes from the environment, with Node's types or without.
    const topic = "topicArn: process.env['TOPIC'] ?? null";
    project.write('sluice.config.ts', text.replace('topicArn: null', topic));
    expect(compile()).toMatchObject({ status: 0, stdout: '' });
    const tsconfig = readFileSync(join(project.root, 'tsconfig.json'), 'utf8');
    const types = JSON.stringify(join(projectRoot, 'node_modules', '@types', 'node'));
    project.write('tsconfig.json', tsconfig.replace('"types": []', `"types": [${types}]`));
    project.write(
      'sluice.config.ts',
      text.replace('topicArn: null', `${topic.replace("'TOPIC'", 'process.platform')}`),
    );
    expect(compile()).toMatchObject({ status: 0, stdout: '' });
    project.write('sluice.config.ts', text.replace('keysInSecret: true', "keysInSecret: 'yes'"));
    const refused = compile();
    expect(refused.status).not.toBe(0);
    expect(refused.stdout).toContain('keysInSecret');
  });

  it.each(['npm', 'pnpm', 'workspace'] as const)('tests itself, installed as by %s', (layout) => {
    const { status, stdout, stderr } = projectAs(layout).sluice(['test']);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: expect.stringMatching(
        /^ok {2}The configuration is valid for dev, prod\.\n(ok .*\n){5}6 checks passed/,
      ),
      stderr: expect.stringMatching(
        /^Packaging the functions for this machine, once .*\nPackaged in .* s\.\n$/,
      ),
    });
  });

  it('starts, takes events and keeps its data', async () => {
    const project = projectAs('npm', 'started');
    for (const name of ['first', 'second']) {
      const cloud = await project.start();
      try {
        expect(cloud.ready).toMatchObject({
          version: VERSION,
          // The folder of temporary files may be a link, as on a Mac.
          data: join(realpathSync(project.root), '.sluice', 'data'),
        });
        expect(await cloud.post(name)).toBe(202);
        expect(await (await fetch(cloud.ready.console)).text()).toContain('<title>Sluice</title>');
      } finally {
        await cloud.end();
      }
    }
    const query = 'SELECT event_name FROM statsig_forwarded_events ORDER BY 1';
    const { stdout } = project.sluice(['query', query, '--json']);
    expect(JSON.parse(stdout)).toEqual([{ event_name: 'first' }, { event_name: 'second' }]);
  });

  it('is packaged into the template that the repository makes of the same configuration', async () => {
    const project = projectAs('npm', 'packaged');
    const options = {
      ...templateConfigurations['readers and customers'],
      relay: { statsig: true } as const,
      collector: { reservedConcurrency: 50 },
    };
    const keys = [{ label: 'web', sha256: '0'.repeat(64) }];
    const salt = 'a salt that no template holds';
    const config = {
      service: 'acme-events',
      bucket: 'acme-experiments',
      keys,
      privacy: { salt },
      ...options,
    };
    project.write(
      'sluice.config.ts',
      `import { defineConfig } from '${PACKAGE_NAME}';\nexport default defineConfig(${JSON.stringify(config)}, { stages: ['prod'] });\n`,
    );
    // For this machine: Lambda's binding of DuckDB would have to be fetched.
    const ran = project.serverless(['package', '--stage', 'prod'], { env: { SLUICE_PACKAGE_FOR: 'here' } });
    expect(ran.status).toBe(0);
    expect(said(ran)).toContain('Service packaged');
    const template = readFileSync(
      join(project.root, '.serverless', 'cloudformation-template-update-stack.json'),
      'utf8',
    );
    const comparable = (text: string) => JSON.parse(text.replace(/\/\d{13}-\d{4}-[^/"]*\//g, '/TIME/'));
    // A service of one's own is in the metrics' dimension, which has the stage alone for the usual one.
    const renamed = template
      .replaceAll(/(?<!serverless\/)acme-events\/prod/g, 'prod')
      .replaceAll('acme-events', 'sluice');
    expect(comparable(renamed)).toEqual(comparable(JSON.stringify(await packageTemplate(options))));
    expect(
      readdirSync(join(project.root, '.serverless')).filter((name) => name.endsWith('.zip')).length,
    ).toBeGreaterThan(6);
  });

  it('asks for Node 24, by command and by plugin', () => {
    const project = projectAs('npm', 'old-node');
    const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})";
    const node = ['--import', `data:text/javascript,${encodeURIComponent(older)}`];
    const ran = project.sluice(['test'], { node });
    expect(ran).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^SLUICE_NODE_TOO_OLD: .*\n.*npm install --save-dev node@24/),
    });
    expect(project.sluice(['init', 'next'], { node }).stderr).toMatch(
      /^SLUICE_NODE_TOO_OLD: .*\n.*`npx --loglevel error --package node@24 --package @sluice-pipeline\/sluice sluice init next`/,
    );
    // As npx has it in its cache.
    const called = JSON.parse(readFileSync(join(project.root, 'package.json'), 'utf8'));
    project.write(
      'package.json',
      JSON.stringify({ ...called, _npx: { packages: ['/a drive (1)/sluice.tgz'] } }),
    );
    expect(project.sluice(['init', 'next'], { node }).stderr).toContain(
      "`npx --loglevel error --package node@24 --package '/a drive (1)/sluice.tgz' sluice init next`",
    );
    project.write('package.json', JSON.stringify(called));
    // It is installed, but its script has not run: pnpm and `ignore-scripts` do that.
    const installed = join('node_modules', 'node', 'package.json');
    project.write(installed, JSON.stringify({ name: 'node', version: '24.0.0' }));
    expect(project.sluice(['test'], { node }).stderr).toMatch(/^SLUICE_NODE_TOO_OLD: .*\n.*npm rebuild node/);
    const packaged = project.serverless(['package'], { node });
    expect(packaged.status).toBe(1);
    expect(said(packaged)).toContain('npm install --save-dev node@24');
  });

  it('takes settings of its own from serverless.yml', () => {
    const project = projectAs('npm', 'own-settings');
    const yml = readFileSync(join(project.root, 'serverless.yml'), 'utf8');
    const own =
      'functions: { collect: { memorySize: 2048 } }\nresources: { Resources: { Topic: { Type: AWS::SNS::Topic } } }\n';
    project.write('serverless.yml', `${yml}\n${own}`);
    const { stdout } = project.serverless(['print', '--stage', 'prod', '--format', 'json']);
    const printed = JSON.parse(stdout);
    expect(printed.functions.collect).toMatchObject({ memorySize: 2048, timeout: 10 });
    expect(Object.keys(printed.resources.Resources)).toEqual(expect.arrayContaining(['DataBucket', 'Topic']));
  });
});

describe('a mistake in a project', () => {
  const configured = (rest: string) =>
    `import { defineConfig } from '${PACKAGE_NAME}';\nexport default defineConfig(({ stage }) => ({ ${rest} }), { stages: ['dev', 'prod'] });\n`;
  const ofStage =
    'bucket: `acme-${stage}`, database: `acme_${stage}`, athena: { workgroup: stage, stagingDatabase: `staging_${stage}` }';

  it.each([
    {
      name: 'an unknown field',
      text: configured(`${ofStage}, curat: true`),
      code: 'SLUICE_CONFIG_INVALID',
      named: 'curat',
    },
    {
      name: 'two stages with one bucket',
      text: configured("bucket: 'acme'"),
      code: 'SLUICE_CONFIG_STAGES_SHARE',
      named: 'bucket',
    },
    {
      name: 'a line that is no TypeScript',
      text: 'export default {',
      code: 'SLUICE_CONFIG_BROKEN',
      named: 'sluice.config.ts',
    },
    {
      name: 'an import that is not there',
      text: configured(ofStage).replace(PACKAGE_NAME, 'sluice'),
      code: 'SLUICE_CONFIG_BROKEN',
      named: "'sluice'",
    },
    {
      name: 'no configuration',
      text: 'export {};\n',
      code: 'SLUICE_CONFIG_NOT_FOUND',
      named: 'no default export',
    },
  ])('is refused by name: $name', ({ text, code, named }) => {
    mistaken.write('sluice.config.ts', text);
    const { status, stderr } = mistaken.sluice(['test']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(code) });
    expect(stderr).toContain(named);
    expect(stderr).not.toContain('    at ');
  });

  let mistaken: PackedProject;
  beforeAll(() => {
    mistaken = projectAs('npm', 'mistaken');
  });
});
