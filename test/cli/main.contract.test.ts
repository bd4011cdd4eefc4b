import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/main.ts';
import { markChanges } from '../../cli/terminal/commandLine.ts';
import { commandError, errorText } from '../../cli/terminal/errors.ts';
import { callMain } from '../harness/callMain.ts';
import { sluice } from '../harness/sluice.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';

/** An endpoint that answers nothing, for commands that must be refused before they ask it. */
const DEAD = 'http://127.0.0.1:9';
const COMMANDS = ['start', 'query', 'keys', 'redrive', 'ingest', 'export', 'policy', 'connect'];

describe('a wrong command line', () => {
  it.each([
    [['strat'], 'SLUICE_USAGE_UNKNOWN_COMMAND', 'Did you mean start?', 'sluice --help'],
    [['--local', 'doctor'], 'SLUICE_USAGE_OPTIONS', 'expected a command first', 'sluice <command> --help'],
    [['query', '-- a remark\nselect 1'], 'SLUICE_USAGE_OPTIONS', "after '--'", 'sluice query --help'],
    // Days that do not exist: Date.parse makes 2 March of 30 February.
    ...['2026-02-30', '2026-02-30T00:00:00Z', '2026-02-29T23:30+02:00', '2026-02-28T25:00:00Z', 'soon'].map(
      (since): [string[], string, string, string] => [
        ['trace', 'ada', '--since', since],
        'SLUICE_USAGE_OPTIONS',
        `--since: got ${since}`,
        'sluice trace --help',
      ],
    ),
    ...[
      ['--url', 'https://collector.example'],
      ['--endpoint', 'http-api'],
    ].map(([option = '', value = '']): [string[], string, string, string] => [
      ['trial', '--remove', '1f0c93ab', '--region', 'eu-west-1', '--endpoint-url', DEAD, option, value],
      'SLUICE_USAGE_OPTIONS',
      `${option}: not an option beside --remove`,
      'sluice trial --help',
    ]),
    ...(
      [
        ['start --prot 1', 'OPTIONS', "Unknown option '--prot'. Did you mean --port?"],
        ['doctor --verbose', 'OPTIONS', "'--verbose'. Expected one of --"],
        ['doctor --stag=prod', 'OPTIONS', 'Did you mean --stage?'],
        ['doctor -x', 'OPTIONS', "Unknown option '-x'."],
        ['doctor --before-deploy --drift', 'OPTIONS', '--before-deploy and --drift: expected one of them'],
        [
          'explain SLUICE_KEY_UNKNOWN --stage prod',
          'OPTIONS',
          '--stage: SLUICE_KEY_UNKNOWN is not the code of a finding',
        ],
        [
          'explain SLUICE_FINDING_FORWARDED --local',
          'OPTIONS',
          '--local: only `sluice doctor` looks for SLUICE_FINDING_FORWARDED',
        ],
        ['erase --unit user_id=u --dry-run --yes', 'OPTIONS', '--dry-run and --yes: expected one of them'],
        ['tables --no-rows', 'OPTIONS', '--no-rows: expected the name'],
        ['query', 'ARGUMENTS', 'SQL'],
        ['start --port', 'OPTIONS', 'argument missing'],
        ['doctor --stage --local', 'OPTIONS', "Option '--stage' argument is ambiguous."],
        ['doctor --local=yes', 'OPTIONS', 'does not take an argument'],
        ['ingest statsu', 'ARGUMENTS', 'Did you mean status?'],
        ['connect metabse', 'ARGUMENTS', 'Did you mean metabase?'],
        ['policy print --for statsig-bukcet', 'OPTIONS', 'Did you mean statsig-bucket?'],
        ['trial --region eu-west-1 --url foo:bar', 'OPTIONS', '--url: got foo:bar, expected https://'],
        ['redrive', 'OPTIONS', '--reason: expected the code of a reason'],
        ['redrive --reason SLUICE_BODY_NOT_JSN', 'OPTIONS', 'Did you mean SLUICE_BODY_NOT_JSON?'],
        ['query select --stage prod --data x', 'OPTIONS', '--data: '],
        ['start --allow-hosts a.test:1', 'OPTIONS', '--allow-hosts: got "a.test:1"'],
        ['trial', 'OPTIONS', '--region: missing'],
        ['trial --region eu-west-1', 'OPTIONS', '--yes: expected'],
        ['trial --region nowhere --yes', 'OPTIONS', '--region: got nowhere'],
        ['trial --remove 1F0C93AB --region eu-west-1', 'OPTIONS', '--remove: got 1F0C93AB'],
        ['relay redrive --reason 4O1', 'OPTIONS', '--reason: got "4O1"'],
        ['curate rebuild', 'OPTIONS', '--from: missing'],
        ['curate accept', 'ARGUMENTS', 'DAY: got ""'],
        ['curate accept 2026-02-30', 'ARGUMENTS', 'DAY: got "2026-02-30"'],
        ['curate accept 2026-02-20 2026-02-21', 'ARGUMENTS', 'Unexpected argument: 2026-02-21'],
        ['curate status --table quarantine', 'OPTIONS', '--table: got "quarantine"'],
        ['quarantine --rows 5', 'OPTIONS', '--rows without --reason'],
        ['tables events exposures', 'ARGUMENTS', 'one table or view'],
        ['export run --drop', 'OPTIONS', '--drop needs the days'],
        ['ingest accept some --source acme --from 2026-11-20', 'ARGUMENTS', 'keep or empty'],
        ['ingest accept keep --source acme', 'OPTIONS', '--from: missing'],
        ['ingest accept keep --from 2026-11-20', 'OPTIONS', '--source: missing'],
        ['explain SLUICE_NO_SUCH_CODE', 'ARGUMENTS', 'no such code'],
        ['redrive --landing --damaged', 'OPTIONS', '--landing and --damaged'],
        ['redrive --from 2026-11-20 --to 2026-11-19 --reason SLUICE_ROW_UNFIT', 'OPTIONS', 'is after'],
        ['connect statsig-bucket --reader a', 'OPTIONS', '--reader: not for statsig-bucket'],
      ] as const
    ).map(([words, code, said]): [string[], string, string, string] => {
      const args = words.split(' ');
      return [args, `SLUICE_USAGE_${code}`, said, `sluice ${args[0]} --help`];
    }),
  ])('%j is answered with %s, a suggestion, and the command for help', async (args, code, said, hint) => {
    const { stderr, ...answer } = await callMain(args);
    expect(answer).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${code}: `));
    expect(stderr).toContain(said);
    expect(stderr).toContain(`\`${hint}\``);
    expect(stderr.split('\n').length).toBeLessThanOrEqual(4);

    const asJson = await callMain([...args, '--json']);
    const isStart = args[0] === 'start';
    if (isStart) expect(asJson.stdout).toBe('');
    else expect(asJson.stderr).toMatch(new RegExp(`^${code}: `));
    const object = JSON.parse(isStart ? asJson.stderr : asJson.stdout);
    // Where --json is the value that an option lacked, or follows the command that is missing.
    expect(object.error.code).toBe(code);
    expect(Object.keys(object)).toEqual(['error']);
    expect(Object.keys(object.error)).toEqual(['code', 'message', 'cause', 'cure']);
    expect(asJson.code).toBe(2);
  });

  it.each([
    { command: 'tail', option: '--last', least: 0, most: 1_000 },
    { command: 'quarantine', option: '--hours', least: 1, most: 2_160 },
    { command: 'quarantine --reason SLUICE_ROW_UNFIT', option: '--rows', least: 1, most: 500 },
    { command: 'tables events', option: '--limit', least: 1, most: 400 },
    { command: 'console', option: '--port', least: 0, most: 65_535 },
    { command: 'start', option: '--buffer-seconds', least: 0, most: 900 },
  ])('has a number above the $most of $command $option', async ({ command, option, least, most }) => {
    const { code, stderr } = await callMain([...command.split(' '), option, String(most + 1)]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${option}: got ${most + 1}, expected ${least} to ${most}`);
  });

  it('suggests nothing that is not similar', async () => {
    expect((await callMain(['deploy'])).stderr).not.toContain('Did you mean');
    expect((await callMain(['start', '--verbose'])).stderr).not.toContain('Did you mean');
  });
});

describe('help and version', () => {
  it('are printed without a command', async () => {
    const overview = await callMain(['--help']);
    expect(overview).toMatchObject({ code: 0, stderr: '' });
    for (const name of COMMANDS) expect(overview.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(await callMain(['help'])).toEqual(overview);
    expect(await callMain([])).toEqual({ ...overview, code: 2 });
    const { version } = JSON.parse(textOf('cli', 'package.json'));
    expect(await callMain(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('--help', () => {
  it.each(commands.map(({ name }) => name))(
    'of %s is an answer and no error, and runs nothing',
    async (name) => {
      const help = await callMain([name, '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain(`sluice ${name}`);
    },
  );

  it('is an argument after --', async () => {
    expect((await callMain(['trace', '--', '--help', 'x'])).stderr).toContain('SLUICE_USAGE_ARGUMENTS');
  });
});

describe('an error of the file system', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => directory.remove());

  it('is one sentence with a code', async () => {
    const file = join(directory.path, 'file');
    writeFileSync(file, '');
    const answers = await Promise.all([
      sluice('start', '--port', '0', '--edge-port', '0', '--data', file),
      sluice('start', '--port', '0', '--edge-port', '0', '--data', join(file, 'data'), '--json'),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([1, 1]);
    expect(answers[0]?.stderr).toMatch(
      /^SLUICE_DISK_FOREIGN: Something that the local cloud has not made is where it keeps its data\. .*file'\.\n {2}.*\n$/,
    );
    expect(JSON.parse(answers[1]?.stderr ?? '')).toMatchObject({ error: { code: 'SLUICE_DISK_FOREIGN' } });
  });

  it.each(['ENOENT', 'EACCES', 'EIO'])('%s is one with its path, also within another error', (code) => {
    const error = Object.assign(new Error(`${code}: no`), { code, syscall: 'open', errno: -1, path: '/a/b' });
    expect(commandError(error)).toMatchObject({
      code: 'SLUICE_FILE_FAILED',
      message: expect.stringContaining(`/a/b: ${code} (open).`),
    });
    expect(commandError(new Error('outer', { cause: error })).code).toBe('SLUICE_FILE_FAILED');
    expect(errorText(error).split('\n')).toHaveLength(3);
  });

  it('is neither an error of a socket nor a defect, which shows its stack trace', () => {
    const socket = Object.assign(new Error('connect ENOENT'), { code: 'ENOENT', syscall: 'connect' });
    expect(commandError(socket).code).toBe('SLUICE_CLI_DEFECT');
    const text = errorText(new TypeError('x is not a function'));
    expect(text).toMatch(/^SLUICE_CLI_DEFECT: .*TypeError: x is not a function\n {2}.*\nTypeError: x/);
    expect(text).toMatch(/\n +at /);
  });
});

describe('what changes something', () => {
  it('is declared by every command and action that does', () => {
    const line = (values: object) => ({ values: { ...values }, positionals: ['landing'] });
    const names = (values: object) =>
      commands.flatMap(({ name, changes, options, actions }) => {
        if (actions === undefined)
          return markChanges(line(values), changes, 'dry-run' in options).changes === true ? [name] : [];
        return Object.entries(actions).flatMap(([action, declared]) =>
          markChanges(line(values), declared.changes, declared.options.includes('dry-run')).changes === true
            ? [`${name} ${action}`]
            : [],
        );
      });
    const changing = names({ write: true });
    expect(changing.sort()).toEqual([
      'console',
      'curate accept',
      'curate rebuild',
      'curate run',
      'erase',
      'export run',
      'groups pull',
      'ingest accept',
      'ingest backfill',
      'ingest drop',
      'ingest run',
      'keys add',
      'keys remove',
      'keys restore',
      'keys set',
      'query',
      'redrive',
      'relay redrive',
      'restore',
    ]);
    const dry = ['groups pull', 'ingest drop', 'keys add', 'keys remove', 'keys set', 'query'];
    expect(names({ 'dry-run': true }).sort()).toEqual(dry);
    const query = commands.find(({ name }) => name === 'query');
    const isChange = (sql: string) => query?.changes?.({ values: {}, positionals: [sql] });
    const reading = [
      'SELECT 1',
      '\n(with a AS (SELECT 1) SELECT 1)',
      'VALUES 1',
      'show tables',
      'Describe a',
    ];
    expect(reading.filter(isChange)).toEqual([]);
    const others = ['INSERT INTO a SELECT 1', 'drop table a', 'selected', '-'];
    expect(others.filter((sql) => isChange(sql) !== true)).toEqual([]);
  });
});
