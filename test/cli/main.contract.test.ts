import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/main.ts';
import { markChanges } from '../../cli/terminal/commandLine.ts';
import { callMain } from '../harness/callMain.ts';
import { sluice } from '../harness/runProgram.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';
import { wordsOf } from '../harness/wordsOf.ts';

/** An endpoint that answers nothing, for commands that must be refused before they ask it. */
const DEAD = 'http://127.0.0.1:9';
const COMMANDS = ['start', 'query', 'keys', 'redrive', 'ingest', 'export', 'policy', 'connect'];

/** What was made at a trial is removed. */
const REMOVAL = `trial --remove 1f0c93ab --region eu-west-1 --endpoint-url ${DEAD}`;

/** A command line that no command takes. */
interface WrongLine {
  readonly line: string;
  /** The code of the error. */
  readonly code: string;
  /** A part of its message that tells it from others of the code. */
  readonly said: string;
  /** The command for help that it names. Default: `sluice <the first word> --help`. */
  readonly help?: string;
}

const WRONG_LINES: readonly WrongLine[] = [
  {
    line: 'strat',
    code: 'SLUICE_USAGE_UNKNOWN_COMMAND',
    said: 'Did you mean start?',
    help: 'sluice --help',
  },
  {
    line: '--local doctor',
    code: 'SLUICE_USAGE_OPTIONS',
    said: 'expected a command first',
    help: 'sluice <command> --help',
  },
  // The message is one line, whatever lines the SQL has.
  {
    line: "query '-- a remark\nselect 1'",
    code: 'SLUICE_USAGE_OPTIONS',
    said: "Unknown option '-- a remark select 1'. To specify",
  },
  // Days that do not exist: Date.parse makes 2 March of 30 February.
  { line: 'trace ada --since 2026-02-30', code: 'SLUICE_USAGE_OPTIONS', said: '--since: got 2026-02-30' },
  {
    line: 'trace ada --since 2026-02-30T00:00:00Z',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--since: got 2026-02-30T00:00:00Z',
  },
  {
    line: 'trace ada --since 2026-02-29T23:30+02:00',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--since: got 2026-02-29T23:30+02:00',
  },
  {
    line: 'trace ada --since 2026-02-28T25:00:00Z',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--since: got 2026-02-28T25:00:00Z',
  },
  { line: 'trace ada --since soon', code: 'SLUICE_USAGE_OPTIONS', said: '--since: got soon' },
  {
    line: `${REMOVAL} --url https://collector.example`,
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--url: not an option beside --remove',
  },
  {
    line: `${REMOVAL} --endpoint http-api`,
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--endpoint: not an option beside --remove',
  },
  {
    line: 'start --prot 1',
    code: 'SLUICE_USAGE_OPTIONS',
    said: "Unknown option '--prot'. Did you mean --port?",
  },
  { line: 'doctor --verbose', code: 'SLUICE_USAGE_OPTIONS', said: "'--verbose'. Expected one of --" },
  { line: 'doctor --stag=prod', code: 'SLUICE_USAGE_OPTIONS', said: 'Did you mean --stage?' },
  { line: 'doctor -x', code: 'SLUICE_USAGE_OPTIONS', said: "Unknown option '-x'." },
  {
    line: 'doctor --before-deploy --drift',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--before-deploy and --drift: expected one of them',
  },
  {
    line: 'explain SLUICE_KEY_UNKNOWN --stage prod',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--stage: SLUICE_KEY_UNKNOWN is not the code of a finding',
  },
  {
    line: 'explain SLUICE_FINDING_FORWARDED --local',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--local: only `sluice doctor` looks for SLUICE_FINDING_FORWARDED',
  },
  {
    line: 'erase --unit user_id=u --dry-run --yes',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--dry-run and --yes: expected one of them',
  },
  { line: 'tables --no-rows', code: 'SLUICE_USAGE_OPTIONS', said: '--no-rows: expected the name' },
  { line: 'tables --limit 3', code: 'SLUICE_USAGE_OPTIONS', said: '--limit: expected the name' },
  { line: 'query', code: 'SLUICE_USAGE_ARGUMENTS', said: 'SQL' },
  { line: "start --data ''", code: 'SLUICE_USAGE_OPTIONS', said: '--data: got an empty text' },
  { line: "query select --data ''", code: 'SLUICE_USAGE_OPTIONS', said: '--data: got an empty text' },
  { line: "tail --user ''", code: 'SLUICE_USAGE_OPTIONS', said: '--user: got an empty text' },
  { line: "tail --event ''", code: 'SLUICE_USAGE_OPTIONS', said: '--event: got an empty text' },
  { line: "tail --sdk ''", code: 'SLUICE_USAGE_OPTIONS', said: '--sdk: got an empty text' },
  { line: "keys remove web --sha256 ''", code: 'SLUICE_USAGE_OPTIONS', said: '--sha256: got an empty text' },
  { line: 'start --port', code: 'SLUICE_USAGE_OPTIONS', said: 'argument missing' },
  {
    line: 'doctor --stage --local',
    code: 'SLUICE_USAGE_OPTIONS',
    said: "Option '--stage' argument is ambiguous.",
  },
  { line: 'doctor --local=yes', code: 'SLUICE_USAGE_OPTIONS', said: 'does not take an argument' },
  { line: 'ingest statsu', code: 'SLUICE_USAGE_ARGUMENTS', said: 'Did you mean status?' },
  { line: 'connect metabse', code: 'SLUICE_USAGE_ARGUMENTS', said: 'Did you mean metabase?' },
  {
    line: 'policy print --for statsig-bukcet',
    code: 'SLUICE_USAGE_OPTIONS',
    said: 'Did you mean statsig-bucket?',
  },
  {
    line: 'trial --region eu-west-1 --url foo:bar',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--url: got foo:bar, expected https://',
  },
  { line: 'redrive', code: 'SLUICE_USAGE_OPTIONS', said: '--reason: expected the code of a reason' },
  {
    line: 'redrive --reason SLUICE_BODY_NOT_JSN',
    code: 'SLUICE_USAGE_OPTIONS',
    said: 'Did you mean SLUICE_BODY_NOT_JSON?',
  },
  { line: 'query select --stage prod --data x', code: 'SLUICE_USAGE_OPTIONS', said: '--data: ' },
  {
    line: 'start --allow-hosts a.test:1',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--allow-hosts: got "a.test:1"',
  },
  { line: 'trial', code: 'SLUICE_USAGE_OPTIONS', said: '--region: missing' },
  { line: 'trial --region eu-west-1', code: 'SLUICE_USAGE_OPTIONS', said: '--yes: expected' },
  { line: 'trial --region nowhere --yes', code: 'SLUICE_USAGE_OPTIONS', said: '--region: got nowhere' },
  {
    line: 'trial --remove 1F0C93AB --region eu-west-1',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--remove: got 1F0C93AB',
  },
  { line: 'relay redrive --reason 4O1', code: 'SLUICE_USAGE_OPTIONS', said: '--reason: got "4O1"' },
  { line: 'curate rebuild', code: 'SLUICE_USAGE_OPTIONS', said: '--from: missing' },
  { line: 'curate accept', code: 'SLUICE_USAGE_ARGUMENTS', said: 'DAY: got ""' },
  { line: 'curate accept 2026-02-30', code: 'SLUICE_USAGE_ARGUMENTS', said: 'DAY: got "2026-02-30"' },
  {
    line: 'curate accept 2026-02-20 2026-02-21',
    code: 'SLUICE_USAGE_ARGUMENTS',
    said: 'Unexpected argument: 2026-02-21',
  },
  {
    line: 'curate status --table quarantine',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--table: got "quarantine"',
  },
  {
    line: 'quarantine --reason SLUICE_EVENT_NO_NAM',
    code: 'SLUICE_USAGE_OPTIONS',
    said: 'Did you mean SLUICE_EVENT_NO_NAME?',
  },
  {
    line: "quarantine --reason ''",
    code: 'SLUICE_USAGE_OPTIONS',
    said: 'got "". docs/reference/errors.md lists them.',
  },
  { line: 'quarantine --rows 5', code: 'SLUICE_USAGE_OPTIONS', said: '--rows without --reason' },
  { line: 'tables events exposures', code: 'SLUICE_USAGE_ARGUMENTS', said: 'one table or view' },
  { line: 'export run --drop', code: 'SLUICE_USAGE_OPTIONS', said: '--drop needs the days' },
  {
    line: 'ingest accept some --source acme --from 2026-11-20',
    code: 'SLUICE_USAGE_ARGUMENTS',
    said: 'keep or empty',
  },
  { line: 'ingest accept keep --source acme', code: 'SLUICE_USAGE_OPTIONS', said: '--from: missing' },
  { line: 'ingest accept keep --from 2026-11-20', code: 'SLUICE_USAGE_OPTIONS', said: '--source: missing' },
  { line: 'explain SLUICE_NO_SUCH_CODE', code: 'SLUICE_USAGE_ARGUMENTS', said: 'no such code' },
  { line: 'redrive --landing --damaged', code: 'SLUICE_USAGE_OPTIONS', said: '--landing and --damaged' },
  {
    line: 'redrive --from 2026-11-20 --to 2026-11-19 --reason SLUICE_ROW_UNFIT',
    code: 'SLUICE_USAGE_OPTIONS',
    said: 'is after',
  },
  {
    line: 'connect statsig-bucket --reader a',
    code: 'SLUICE_USAGE_OPTIONS',
    said: '--reader: not for statsig-bucket',
  },
];

describe('a wrong command line', () => {
  it.each(WRONG_LINES)(
    '"$line" is answered with $code, a suggestion, and the command for help',
    async (wrong) => {
      const { line, code, said } = wrong;
      const args = wordsOf(line);
      const { help = `sluice ${args[0]} --help` } = wrong;
      const { stderr, ...answer } = await callMain(args);
      expect(answer).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^${code}: `));
      expect(stderr).toContain(said);
      expect(stderr).toContain(`\`${help}\``);
      expect(stderr.split('\n').length).toBeLessThanOrEqual(4);
    },
  );

  // Also where --json is the value that an option lacked, or follows the command that is missing.
  it.each(WRONG_LINES)('"$line --json" is answered with an object of $code', async ({ line, code }) => {
    const args = wordsOf(line);
    const answer = await callMain([...args, '--json']);
    // A program that starts the local cloud reads its address on stdout.
    const isStart = args[0] === 'start';
    const object = JSON.parse(isStart ? answer.stderr : answer.stdout);
    const texts = { message: expect.any(String), cause: expect.any(String), cure: expect.any(String) };
    expect(object).toEqual({ error: { code, ...texts } });
    expect(isStart ? answer.stdout : answer.stderr).toMatch(isStart ? /^$/ : new RegExp(`^${code}: `));
    expect(answer.code).toBe(2);
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

describe('sluice start, of a folder that it cannot use', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => directory.remove());

  it('prints an error with a code, as an object with --json', async () => {
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
});

describe('what changes something', () => {
  /** The commands and actions that declare it, with these options. */
  const changing = (options: Readonly<Record<string, boolean>>): readonly string[] => {
    const line = { values: options, positionals: ['landing'] };
    return commands
      .flatMap(({ name, ...command }) =>
        command.actions === undefined
          ? [{ words: name, changes: command.changes, hasDryRun: 'dry-run' in command.options }]
          : Object.entries(command.actions).map(([action, declared]) => ({
              words: `${name} ${action}`,
              changes: declared.changes,
              hasDryRun: declared.options.includes('dry-run'),
            })),
      )
      .filter(({ changes, hasDryRun }) => markChanges(line, changes, hasDryRun).changes === true)
      .map(({ words }) => words)
      .sort();
  };

  it('is declared by every command and action that does', () => {
    expect(changing({ write: true })).toEqual([
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
  });

  it('is in a dry run only what has none', () => {
    const without = ['groups pull', 'ingest drop', 'keys add', 'keys remove', 'keys set', 'query'];
    expect(changing({ 'dry-run': true })).toEqual(without);
  });

  it.each([
    { sql: 'SELECT 1', changes: false },
    { sql: '\n(with a AS (SELECT 1) SELECT 1)', changes: false },
    { sql: 'VALUES 1', changes: false },
    { sql: 'show tables', changes: false },
    { sql: 'Describe a', changes: false },
    { sql: 'INSERT INTO a SELECT 1', changes: true },
    { sql: 'drop table a', changes: true },
    { sql: 'selected', changes: true },
    { sql: '-', changes: true },
  ])('is a query by its first word: "$sql" is $changes', ({ sql, changes }) => {
    const query = commands.find(({ name }) => name === 'query');
    expect(query?.changes?.({ values: {}, positionals: [sql] })).toBe(changes);
  });
});

describe('sluice explain', () => {
  it.each([
    { code: 'SLUICE_EXPORT_DELETE_DENIED', says: 'policy print --for export-target --export … --stage NAME' },
    { code: 'SLUICE_RECEIPT_KEY_DENIED', says: 'policy print --for ingest-source --source … --stage NAME' },
    { code: 'SLUICE_SOURCE_KEY_DENIED', says: 'policy print --for ingest-source --source … --stage NAME' },
    { code: 'SLUICE_FINDING_ERASE_STOPPED', says: 'erase --stage NAME' },
    // Which takes no deployment.
    { code: 'SLUICE_SOURCE_ACCESS_DENIED', says: 'explain SLUICE_SOURCE_KEY_DENIED' },
  ])('has the cure of $code name a stage where its command takes one', async ({ code, says }) => {
    const { stdout } = await callMain(['explain', code]);
    expect(stdout).toContain(`\`sluice ${says}\``);
  });

  it('asks no deployment for its cases if the option that names one is empty', async () => {
    const { code, stdout } = await callMain([
      'explain',
      'SLUICE_FINDING_INGEST_LATE',
      '--stage',
      '',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).not.toHaveProperty('found');
  });
});
