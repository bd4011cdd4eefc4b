import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commands } from '../../../cli/main.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { callMain } from '../../harness/callMain.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** Stages of the configuration, to be offered with `--stage`. */
const STAGES = ['dev', 'prod'];

async function script(shell: string): Promise<string> {
  const file = join(directory.path, 'sluice.config.ts');
  const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  writeFileSync(
    file,
    `import { defineConfig } from ${from};
export default defineConfig(({ stage }) => ({ bucket: 'acme-' + stage }), { stages: ${JSON.stringify(STAGES)} });\n`,
  );
  const answer = await callMain(['completion', shell], { env: { SLUICE_CONFIG: file } });
  expect([answer.code, answer.stderr]).toEqual([0, '']);
  return answer.stdout;
}

describe('sluice completion bash', () => {
  const path = join(directory.path, 'sluice.bash');
  beforeAll(async () => writeFileSync(path, await script('bash')));

  /** Completions that bash offers for lines, as readline calls it: split at spaces and at =, the cursor at the end. */
  function complete(lines: readonly string[]): readonly (readonly string[])[] {
    const program = `
source "$1"; shift
complete -p sluice >&2
for line in "$@"; do
  read -r -a COMP_WORDS <<< "\${line//=/ = }"
  case "$line" in *" ") COMP_WORDS+=("");; esac
  COMP_LINE="$line"; COMP_POINT=\${#line}; COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _sluice sluice "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
  echo "\${COMPREPLY[*]}"
done`;
    const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', program, 'bash', path, ...lines], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, 'complete -o default -F _sluice sluice\n']);
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' ').filter((word) => word !== ''));
  }

  it('offers commands, actions, options of an action, values and stages', () => {
    const lines: Readonly<Record<string, readonly string[]>> = {
      'sluice st': ['start', 'status'],
      'sluice help quer': ['query'],
      'sluice ingest ': Object.keys(commands.find(({ name }) => name === 'ingest')?.actions ?? {}),
      'sluice ingest st': ['status'],
      'sluice ingest status --d': ['--dataset', '--days'],
      'sluice ingest run --d': ['--dataset', '--dry-run'],
      'sluice connect ': ['statsig', 'owox', 'metabase', 'growthbook', 'statsig-bucket', 'customer', 'owner'],
      'sluice completion ': ['bash', 'zsh', 'fish'],
      'sluice check --kind ': ['experiment', 'gate'],
      'sluice check --kind=g': ['gate'],
      'sluice policy print --for stat': ['statsig-role', 'statsig-user', 'statsig-bucket'],
      'sluice doctor --stage ': [...STAGES, 'local'],
      'sluice doctor --stage=p': ['prod'],
      'sluice doctor --before-deploy --sta': ['--stage'],
      // A path, which bash completes itself.
      'sluice query --data ': [],
      'sluice nothing --': [],
    };
    expect(complete(Object.keys(lines))).toEqual(Object.values(lines));
  });

  it('offers every command, and every option of each', () => {
    const names = commands.map(({ name }) => name);
    const [first = [], ...options] = complete(['sluice ', ...names.map((name) => `sluice ${name} --`)]);
    expect(first).toEqual([...names, 'help', '--help', '--version']);
    expect(options).toEqual(
      commands.map((command) => [
        ...Object.keys(command.options).map((name) => `--${name}`),
        ...['--help', '--color', '--no-color'],
      ]),
    );
  });
});

describe.each(['zsh', 'fish'])('sluice completion %s', (shell) => {
  it('names every command, action and option, and is valid where the shell is installed', async () => {
    const text = await script(shell);
    for (const { name, actions = {}, options } of commands) {
      expect(text).toContain(name);
      for (const action of Object.keys(actions)) expect(text).toMatch(new RegExp(`['\\s]${action}[:\\s]`));
      for (const option of Object.keys(options))
        expect(text).toContain(shell === 'fish' ? `-l ${option}` : `--${option}:`);
    }
    // Quotes are balanced: outside of comments each line has an even number.
    const lines = text
      .split('\n')
      .filter((line) => !line.startsWith('#') && line.split("'").length % 2 === 0);
    expect(lines).toEqual([]);
    const path = join(directory.path, `sluice.${shell}`);
    writeFileSync(path, text);
    const isInstalled = spawnSync(shell, ['--version']).status === 0;
    if (isInstalled) execFileSync(shell, ['-n', path]);
  });

  it('completes local stages where the configuration cannot be loaded, and says so', async () => {
    const answer = await callMain(['completion', shell], { env: { SLUICE_CONFIG: '/nowhere.ts' } });
    expect(answer.code).toBe(0);
    expect(answer.stderr).toBe(
      '--stage completes local only: SLUICE_CONFIG_NOT_FOUND is wrong with the configuration.\n',
    );
  });
});

describe('sluice completion', () => {
  it('names the shells', async () => {
    expect((await callMain(['completion'])).stderr).toContain('Expected one of bash, zsh, fish.');
    expect((await callMain(['completion', 'zhs'])).stderr).toContain('Did you mean zsh?');
  });
});
