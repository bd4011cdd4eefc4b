import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { shellWords } from '../harness/npxWords.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';

const COMMAND = join(projectRoot, 'cli', 'sluice.mjs');

/** Makes this process look like an older Node; those that it starts are not touched. */
const OLDER =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.9.0'}})";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

describe('sluice on an older Node', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('passes %s on and waits for the end', async (signal) => {
    const child = spawn(
      process.execPath,
      ['--import', OLDER, COMMAND, 'start', '--port', '0', '--edge-port', '0', '--json', '--data', data],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const stderr = text(child.stderr);
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    // The real process is another one, and holds the output until it has ended, too.
    expect(JSON.parse(String(line)).pid).not.toBe(child.pid);
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(await stderr).toContain('The data is kept');
    expect(readdirSync(data).filter((name) => name.startsWith('lock'))).toEqual([]);
  });
});

describe('printed commands', () => {
  it('have each path as one word of a shell, whatever its folder is called', async () => {
    const cwd = join(data, "My [Projekt]'s (1) $HOME ü");
    const kept = join(cwd, 'data');
    mkdirSync(cwd);
    const run = (args: readonly string[], from = data) =>
      spawnSync(process.execPath, [COMMAND, ...args], {
        cwd: from,
        encoding: 'utf8',
        timeout: COMMAND_MS,
      }).output.join('\n');
    // A clone makes no project: what its command says is in test/package/project.proof.test.ts.
    const told = [run(['init', join(cwd, 'my-pipeline')]), run(['policy', 'print', '--for', 'deploy'])];
    const start = ['start', '--port', '0', '--edge-port', '0', '--data', kept];
    const cloud = spawn(process.execPath, [COMMAND, ...start], { cwd: data, stdio: 'pipe' });
    const talk = text(cloud.stderr);
    let welcome = '';
    for await (const chunk of cloud.stdout.setEncoding('utf8')) {
      welcome += chunk;
      if (!welcome.includes('Ctrl-C')) continue;
      const [, edge = ''] = /AWS endpoint +(\S+)/.exec(welcome) ?? [];
      const place = ['--local', '--endpoint-url', edge];
      const looks = ['doctor', 'status', 'connect metabase', 'keys list', 'query x'];
      told.push(...looks.map((look) => run([...look.split(' '), ...place], cwd)));
      told.push(run(start), run(['query', 'x', '--data', kept], cwd));
      cloud.kill('SIGTERM');
    }
    const commands = [...told, welcome, await talk].flatMap((printed) => [
      ...printed.matchAll(/(?:^ {2}(?:[A-Z][\w ]*? {2,})?|`)((?:npx|npm|aws|curl|cd) [^`\n]+)/gm),
    ]);
    const words = commands.flatMap(([, command = '']) => shellWords(`npx ${command}`));
    expect(words).toEqual(expect.arrayContaining(['curl', 'doctor', 'init', 'query']));
    const paths = words.filter((word) => word.includes('Projekt'));
    expect(new Set(paths.map((path) => resolve(data, path)))).toEqual(new Set([kept]));
  });
});

describe('npm and npx', () => {
  const cli = process.env['npm_execpath'] ?? '';
  const OPTIONS = ['start', '--port', '0', '--edge-port', '0', '--json', '--data'];
  const START = ['start', '--silent', '--', ...OPTIONS.slice(1)];
  it.each([
    { name: 'npm start', signal: 'SIGTERM', program: cli, args: START },
    {
      name: 'npx sluice start',
      signal: 'SIGTERM',
      program: join(dirname(cli), 'npx-cli.js'),
      args: ['sluice', ...OPTIONS],
    },
    {
      name: 'npx sluice start',
      signal: 'SIGKILL',
      program: join(dirname(cli), 'npx-cli.js'),
      args: ['sluice', ...OPTIONS],
    },
  ] as const)(
    '$name leaves nothing behind that holds ports after $signal',
    async ({ signal, program, args }) => {
      const child = spawn(process.execPath, [program, ...args, data], {
        cwd: projectRoot,
        // As from a shell: not inside of the npm that runs the tests.
        env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/.test(name))),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const stderr = text(child.stderr);
      const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
      const { edge } = JSON.parse(String(line));
      child.kill(signal);
      // The cloud holds the output until it has ended.
      await once(child, 'close');
      expect(await stderr).toContain('The data is kept');
      await expect(fetch(edge)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
      expect(readdirSync(data).filter((name) => name.startsWith('lock'))).toEqual([]);
    },
  );
});

describe('sluice in a pipe', () => {
  it.each([
    { line: '--help', code: 0 },
    { line: 'query select --data /nonexistent', code: 1 },
  ])('"$line" exits with its own code when the reader closes the pipe', async ({ line, code }) => {
    const child = spawn(process.execPath, [COMMAND, ...line.split(' ')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const stderr = text(child.stderr);
    expect(await once(child, 'close')).toEqual([code, null]);
    expect(await stderr).toEqual(code === 0 ? '' : expect.stringContaining('SLUICE_QUERY_NO_DATA'));
  });
});
