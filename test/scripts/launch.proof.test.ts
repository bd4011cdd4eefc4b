import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { eventually } from '../harness/waiting.ts';

/**
 * Imitates npm's effect on a folder: `ci` begins by removing the folder's contents, `install` adds; both write the
 * hidden lockfile at their end. Each call and its environment are noted.
 */
const NPM = `
const fs = require('node:fs');
const { dirname } = require('node:path');
const args = process.argv.slice(2);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(SLUICE_PACKAGE_AHEAD|npm_(config_workspace|config_prefix|package_|lifecycle_))/.test(name)));
fs.appendFileSync('calls', JSON.stringify({ args, env }) + '\\n');
const act = fs.existsSync('act') ? fs.readFileSync('act', 'utf8') : '';
if (act === 'fail') {
  console.error('npm error code E404');
  process.exit(1);
}
if (act === 'die') process.kill(process.pid, 'SIGKILL');
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
const dev = !args.includes('--omit=dev');
const chosen = Object.entries(packages).filter(([path, entry]) => path !== '' && (dev || !entry.dev) && !entry.os);
if (args[0] === 'ci') fs.rmSync('node_modules', { recursive: true, force: true });
const install = () => {
  for (const [path, { version }] of chosen) {
    fs.mkdirSync(path, { recursive: true });
    fs.writeFileSync(path + '/package.json', JSON.stringify({ version }));
    if (act === 'stop half-way') setInterval(() => {}, 1000);
    if (act === 'stop half-way') return;
  }
  fs.mkdirSync('node_modules/node/bin', { recursive: true });
  fs.rmSync('node_modules/node/bin/node', { force: true });
  fs.symlinkSync(process.execPath, 'node_modules/node/bin/node');
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: Object.fromEntries(chosen) }));
};
if (act !== 'wait') install();
else {
  const timer = setInterval(() => {
    if (!fs.existsSync('go')) return;
    clearInterval(timer);
    install();
  }, 20);
}
`;

const LOCK = {
  '': { name: 'example' },
  'node_modules/node': { version: '24.0.0' },
  'node_modules/zod': { version: '4.0.0' },
  'node_modules/jest': { version: '30.0.0', dev: true },
  'node_modules/of-another-machine': { version: '1.0.0', optional: true, os: ['none'] },
};
const START = ['ci', '--omit=dev'];
const MORE = ['install', '--no-save', '--include=dev'];
const SETTINGS = [
  '--include=optional',
  '--no-audit',
  '--no-fund',
  '--no-progress',
  '--loglevel=error',
  '--prefer-offline',
];

let root = '';
const file = (name: string) => join(root, name);
const lock = (changes: object = {}) =>
  writeFileSync(file('package-lock.json'), JSON.stringify({ packages: { ...LOCK, ...changes } }));
const act = (what: string) => writeFileSync(file('act'), what);
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice launch ’ '));
  for (const name of ['scripts/launch.mjs', 'scripts/install.mjs', 'cli/runNode.mjs']) {
    mkdirSync(dirname(file(name)), { recursive: true });
    copyFileSync(join(projectRoot, name), file(name));
  }
  writeFileSync(file('npm.js'), NPM);
  lock();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** Runs scripts/launch.mjs as npm does, from any folder. */
const launch = (...args: string[]) => watch(process.execPath, [file('scripts/launch.mjs'), ...args]);

/** Runs a program with the environment that npm gives, and collects what it says. */
function watch(program: string, args: readonly string[]) {
  const child = spawn(program, args, {
    cwd: tmpdir(),
    env: {
      ...process.env,
      npm_execpath: file('npm.js'),
      npm_config_workspace: 'cli',
      npm_lifecycle_event: 'start',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = Promise.all([text(child.stdout), once(child, 'close')]).then(([stdout, [code]]) => ({
    code,
    stdout,
    stderr,
  }));
  return { child, ended, said: () => stderr };
}

const SAY = ['-p', "'ran on ' + process.cwd()"];
const start = () => launch(...SAY).ended;
const withDev = () => launch('--include=dev').ended;
const calls = (): { args: string[]; env: object }[] =>
  existsSync(file('calls'))
    ? readFileSync(file('calls'), 'utf8')
        .split('\n')
        // Text after the last line break is still being written.
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : [];
/** npm's command lines since the last call, without the settings that all have. */
function npmRuns(): string[][] {
  const runs = calls().map(({ args }) => args);
  rmSync(file('calls'), { force: true });
  for (const run of runs) expect(run.slice(-SETTINGS.length)).toEqual(SETTINGS);
  return runs.map((run) => run.slice(0, -SETTINGS.length));
}

describe('scripts/launch.mjs', () => {
  it('installs what a start needs, says how long it took, and runs the rest in the root', async () => {
    const { code, stdout, stderr } = await start();
    // A process sees its folder without links, and the folder of temporary files may be one.
    expect({ code, stdout }).toEqual({ code: 0, stdout: `ran on ${realpathSync(root)}\n` });
    expect(stderr).toMatch(/^Installing packages\. .*\nInstalled packages in \d+ s\.\n$/);
    expect(existsSync(file('node_modules/jest'))).toBe(false);
    // npm gets no settings of the script that it runs for; a start packages what it needs itself.
    expect(calls().map(({ env }) => env)).toEqual([{ SLUICE_PACKAGE_AHEAD: 'no' }]);
    expect(npmRuns()).toEqual([START]);
    expect((await start()).stderr).toBe('');
    expect(npmRuns()).toEqual([]);
  });

  it('adds the rest once something needs it, keeps what is there, and never takes it away', async () => {
    await start();
    writeFileSync(file('node_modules/zod/used'), '');
    const { code, stdout } = await withDev();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(existsSync(file('node_modules/zod/used'))).toBe(true);
    expect(calls().at(-1)?.env).toEqual({});
    expect(npmRuns()).toEqual([START, MORE]);
    await withDev();
    await start();
    expect(npmRuns()).toEqual([]);
  });

  it('begins anew after an install that was interrupted', async () => {
    await start();
    act('stop half-way');
    const { child, ended } = launch('--include=dev');
    await eventually('the second run of npm', () => calls().length === 2);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(1);
    act('');
    // Packages that a start needs may be torn as well.
    expect((await start()).code).toBe(0);
    expect(npmRuns()).toEqual([START, MORE, START]);
    await start();
    expect(npmRuns()).toEqual([]);
  });

  it('waits while another process installs', async () => {
    act('wait');
    const first = launch(...SAY);
    await eventually('a run of npm', () => calls().length === 1);
    const second = launch(...SAY);
    await eventually('what the second start says', () => second.said() !== '');
    expect(second.said()).toContain(`Process ${first.child.pid} `);
    writeFileSync(file('go'), '');
    expect((await first.ended).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    expect(npmRuns()).toEqual([START]);
    expect(readdirSync(file('.sluice'))).toEqual([]);
  });

  it('installs once of several that find the lock of a process that was killed', async () => {
    act('wait');
    const { pid } = spawnSync(process.execPath, ['--version']);
    mkdirSync(file('.sluice/install-lock'), { recursive: true });
    writeFileSync(file(`.sluice/install-lock/${pid}`), '');
    const later = [launch(...SAY), launch(...SAY), launch(...SAY)];
    await eventually(
      'two that wait',
      () => later.filter(({ said }) => said().includes('waiting')).length === 2,
    );
    writeFileSync(file('go'), '');
    expect(await Promise.all(later.map(async ({ ended }) => (await ended).code))).toEqual([0, 0, 0]);
    expect(npmRuns()).toEqual([START]);
  });

  it('installs if the lock that is left has its own number, as in a container that was killed', async () => {
    const folder = file('.sluice/install-lock');
    mkdirSync(folder, { recursive: true });
    // `exec` keeps the number of the shell.
    const line = 'touch "$0/$$" && exec "$@"';
    const words = [process.execPath, file('scripts/launch.mjs'), ...SAY];
    expect((await watch('sh', ['-c', line, folder, ...words]).ended).code).toBe(0);
    expect(npmRuns()).toEqual([START]);
    expect(readdirSync(file('.sluice'))).toEqual([]);
  });

  it('leaves nothing if it is killed while it waits', async () => {
    act('wait');
    const first = launch(...SAY);
    await eventually('a run of npm', () => calls().length === 1);
    const second = launch(...SAY);
    await eventually('what the second start says', () => second.said() !== '');
    second.child.kill('SIGKILL');
    await second.ended;
    expect(readdirSync(file('.sluice'))).toEqual(['install-lock']);
    writeFileSync(file('go'), '');
    expect((await first.ended).code).toBe(0);
  });

  it('fails if the system does not allow the lock, though no process has it', async () => {
    // Windows does so while another program reads the folder.
    const refusal = `
      const fs = require('node:fs');
      fs.renameSync = () => {
        throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
      };
      require('node:module').syncBuiltinESMExports();
    `;
    writeFileSync(file('refuse.cjs'), refusal);
    const words = ['--require', file('refuse.cjs'), file('scripts/launch.mjs'), ...SAY];
    const { code, stderr } = await watch(process.execPath, words).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('EPERM');
    expect(npmRuns()).toEqual([]);
    expect(readdirSync(file('.sluice'))).toEqual([]);
  });

  it('keeps the larger set when the record of what is installed is gone', async () => {
    await withDev();
    rmSync(file('node_modules/.package-lock.json'));
    expect((await start()).code).toBe(0);
    expect(npmRuns()).toEqual([
      ['ci', '--include=dev'],
      ['ci', '--include=dev'],
    ]);
    expect(existsSync(file('node_modules/jest'))).toBe(true);
  });

  it('keeps the record of what is installed when npm cannot be started', async () => {
    await start();
    const child = spawn(process.execPath, [file('scripts/launch.mjs'), '--include=dev'], {
      env: { PATH: '', npm_execpath: '' },
      stdio: 'ignore',
    });
    expect((await once(child, 'close'))[0]).toBe(1);
    expect((await start()).stderr).toBe('');
    expect(npmRuns()).toEqual([START]);
  });
});
