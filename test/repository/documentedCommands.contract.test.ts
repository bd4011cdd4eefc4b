import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { commands as declared } from '../../cli/main.ts';
import { readCommandLine } from '../../cli/terminal/commandLine.ts';
import { questions } from '../../cli/trial/questions.ts';
import { projectRoot } from '../../local/roots.ts';
import { targetCommands } from '../../observe/commands.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';
import { judge } from '../../observe/findings/judge/judge.ts';
import { deploymentOptions } from '../../observe/target.ts';
import { callMain } from '../harness/callMain.ts';
import { errorFamilies } from '../harness/errorFamilies.ts';
import { listen } from '../harness/listen.ts';
import { eachNpxWords, eachShellWords } from '../harness/npxWords.ts';
import { textOf } from '../harness/textOf.ts';
import { cases } from '../observe/judgeCases/cases.ts';
import { emptyDamaged, judgedDeployment, waitingFacts, wellFacts } from '../observe/statusFacts.ts';

const pages = ['README.md', ...globSync(['docs/**/*.md', 'examples/*/README.md'], { cwd: projectRoot })];

/** Every `npx sluice …` of the pages, to the end of the command. */
const commands = pages.flatMap((page) =>
  [...textOf(page).matchAll(/npx sluice ([^`|#\n]*)/g)].map(([, text = '']) => ({
    page,
    text: text.replace(/"[^"]*"/g, '"…"').trim(),
  })),
);

/** The cures of each case of each finding. */
const findingCures = Object.entries(findingCatalogue).flatMap(([code, { cases }]) =>
  Object.values(cases).map(({ cure }) => [code, { cure }] as const),
);

/** Commands that cures name, `sluice …` between backquotes, to the end of the command. */
async function commandsOfCures() {
  const entries = (await errorFamilies()).flatMap((family) => Object.entries(family.entries));
  return [...entries, ...findingCures].flatMap(([code, { cure }]) =>
    [...cure.matchAll(/`(?:npx )?sluice ([^`|]*)/g)].map(([, text = '']) => ({ page: code, text })),
  );
}

/** Words of which one follows a command, as it declares them: `list`, `add` and `remove` of `sluice keys`. */
function wordsOf(name: string): readonly string[] {
  return Object.keys(declared.find((command) => command.name === name)?.actions ?? {});
}

/** Whether a command is about a deployment: `sluice start` runs on this machine, `sluice init` needs nothing. */
function isPlaced(name = ''): boolean {
  return name === '' || declared.find((command) => command.name === name)?.options['local'] !== undefined;
}

/** Commands that ask a deployment, and end at once where there is none. */
const AWAY = new Set(
  'check curate export ingest quarantine reconcile redrive relay restore status tables trace'.split(' '),
);
/** Refuses each call: a connection that is refused would be tried again. */
const refusing = createServer((_, response) => response.writeHead(403).end('{}'));
const NOWHERE = ['--local', '--endpoint-url', await listen(refusing)];
afterAll(() => void refusing.close());

describe('the commands in the docs and in cures', () => {
  it('exist, with valid options', async () => {
    const helps = new Map<string, string>();
    const wrong: string[] = [];
    const ofCures = (await commandsOfCures()).filter(({ text }) => /^[a-z]/.test(text));
    expect(ofCures.length).toBeGreaterThan(10);
    for (const { page, text } of [...commands, ...ofCures]) {
      const [name = '', word = ''] = text.split(/\s/);
      const help = helps.get(name) ?? (await callMain([name, '--help'])).stdout;
      helps.set(name, help);
      // Every command has --help.
      const options = [...text.matchAll(/--(?!help\b)[a-z][a-z0-9-]*/g)].map(([option]) => option);
      const unknown = options.filter((option) => !new RegExp(`^ +${option}( |$)`, 'm').test(help));
      const words = wordsOf(name);
      if (words.length > 0 && /^[a-z][a-z-]*$/.test(word) && !words.includes(word)) unknown.unshift(word);
      if (help === '' || unknown.length > 0) wrong.push(`${page}: ${text}: ${unknown.join(' ')}`);
    }
    expect(commands.length).toBeGreaterThan(30);
    expect(wrong).toEqual([]);
  });

  it('are right uses, with all that they demand, or have placeholders', async () => {
    // Without placeholders: DAY, <id>, …
    const documented = commands
      .map(({ text }) => text.replace(/ {2}.*/, '').trim())
      .filter((text) => / --(?:stage|local)\b/.test(text) && !/[…<>[\\]|\b[A-Z]+\b/.test(text));
    const ofFindings = findingCures
      .flatMap(([, { cure }]) => [...cure.matchAll(/`(?:npx )?sluice ([a-z][^`]*)`/g)])
      .map(([, text = '']) => text);
    expect(documented.length).toBeGreaterThan(30);
    expect(ofFindings.length).toBeGreaterThan(10);
    const isAsked = (text: string) =>
      /^keys\b/.test(text) || (AWAY.has(text.split(' ')[0] ?? '') && !/\b[A-Z]+\b/.test(text));
    const asked = [...documented.filter((text) => !/^keys\b/.test(text)), ...ofFindings].filter(isAsked);
    const wrong: string[] = [];
    const texts = [...new Set(asked)];
    for (const [index, words] of eachNpxWords(texts.map((text) => `npx sluice ${text}`)).entries()) {
      const isPlace = (word: string, i: number) => word === '--stage' || words[i - 1] === '--stage';
      const rest = words.filter((word, i) => word !== '--local' && !isPlace(word, i));
      const { code, stderr } = await callMain([...rest, ...NOWHERE]);
      if (code === 2) wrong.push(`${texts[index]}: ${stderr}`);
    }
    expect(wrong).toEqual([]);
  });

  it('name their place once they are printed', async () => {
    const deployment = deploymentOptions({
      stack: { service: 'sluice', stage: 'prod' },
      aws: { region: 'eu-west-1' },
      isLocal: false,
    });
    expect(deployment).toEqual(['--stage', 'prod', '--region', 'eu-west-1']);
    const entries = [
      ...(await errorFamilies()).flatMap((family) => Object.entries(family.entries)),
      ...findingCures,
      ...Object.entries(questions),
    ];
    const printed = entries.flatMap(([code, { cure }]) =>
      [...targetCommands(cure, deployment).matchAll(/`npx sluice ([^`]+)`/g)].map(([, text = '']) => ({
        code,
        words: text.split(' '),
      })),
    );
    expect(printed.length).toBeGreaterThan(10);
    const wrong = printed.flatMap(({ code, words: [name = '', ...rest] }) => {
      const command = declared.find((candidate) => candidate.name === name);
      if (command === undefined) return [`${code}: ${name}`];
      const { values } = readCommandLine(command, rest);
      const isPlaced = values['stage'] !== undefined || values['local'] === true;
      return command.options['local'] === undefined || isPlaced ? [] : [`${code}: ${name} ${rest.join(' ')}`];
    });
    expect(wrong).toEqual([]);
  });

  it('print the policies of a deployment, and not of the local cloud', () => {
    // Not the cures of errors, as in lib/drops and lib/export: what prints a cure adds the stage.
    const texts = globSync(
      ['examples/**/*.yaml', 'cli/**/*.{ts,txt}', 'infra/**/*.{ts,cjs}', 'lib/schema/**/*.ts'],
      { cwd: projectRoot },
    );
    const printing = [...pages, ...texts].flatMap((file) =>
      [...textOf(file).matchAll(/sluice policy print ([^`|\n]*--for[^`|\n]*)/g)].map(([, text = '']) => ({
        file,
        text,
      })),
    );
    expect(printing.length).toBeGreaterThan(20);
    // A trial has no stage.
    expect(printing.filter(({ text }) => !/--stage |--for trial --region /.test(text))).toEqual([]);
  });

  it('are read by a shell and the CLI as findings mean them', () => {
    const first = `damaged/a b'c"$(d)\`e\`\\\n#*`;
    const facts = [
      waitingFacts({ damaged: { ...emptyDamaged, first, count: 1 } }),
      ...cases.map(([, caseFacts]) => caseFacts),
    ];
    const lines = facts
      .flatMap((caseFacts) => judge({ ...wellFacts, ...caseFacts }, judgedDeployment, 'eu-central-1'))
      .flatMap((finding) => finding.commands);
    const isOurs = (line: string) => /^(printf .* \| )?npx/.test(line);
    const distinct = [...new Set(lines)];
    const others = eachShellWords(distinct.filter((line) => !isOurs(line)).map((line) => `npx ${line}`));
    expect(new Set(others.map(([, program]) => program))).toEqual(new Set(['aws', 'curl']));
    const words = eachNpxWords(distinct.filter(isOurs));
    expect(words[0]?.slice(0, 3)).toEqual(['redrive', '--discard', first]);
    for (const [name = '', ...rest] of words) {
      const command = declared.find((candidate) => candidate.name === name) ?? { options: {} };
      const [action] = readCommandLine(command, rest).positionals;
      if (wordsOf(name).length > 0) expect(wordsOf(name)).toContain(action);
    }
  });

  it('are made by one function where people read them', () => {
    const sources = globSync(['cli/**/*.ts', 'console/**/*.{ts,tsx}', 'observe/**/*.ts', 'operate/**/*.ts'], {
      cwd: projectRoot,
    });
    const named = sources.flatMap((file) =>
      textOf(file)
        .split('\n')
        .filter((line) => !/^\s*(\/\/|\/?\*)/.test(line))
        // With quotes: words of a command that are joined.
        .flatMap((line) => [...line.matchAll(/npx(?:', '| )sluice[', ]+([a-z]*)(.*)/g)])
        .filter(([, name, rest = '']) => isPlaced(name) && !/^[^`]*--(local|stage)\b/.test(rest))
        .map(() => file),
    );
    expect([...new Set(named)].sort()).toEqual([
      // The texts of cures: what prints them gives them their deployment.
      'observe/commands.ts',
      'observe/findings/catalogue/collector.ts',
      'observe/findings/catalogue/deployment.ts',
      'observe/findings/catalogue/partitions.ts',
      'observe/findings/catalogue/streams.ts',
      'observe/findings/catalogue/wording.ts',
    ]);
  });
});

/** A command of npm or Node that a page or a workflow names, in the workspace in which it runs. */
interface RepositoryCommand {
  readonly place: string;
  readonly script: string;
  readonly workspace: string;
}

/** The commands of a text. One that names a workflow's matrix is a command for each of its suites. */
function repositoryCommands(place: string): readonly RepositoryCommand[] {
  const text = textOf(place);
  const suites = /\bsuite: \[(.*)\]/.exec(text)?.[1]?.split(', ') ?? [''];
  return [
    ...text.matchAll(/\bnpm (?:run )?"?((?<=run "?)[a-z][\w:$-]*|test|start)\b"?(?: -w ([\w/-]+))?/g),
  ].flatMap(([, script = '', workspace = '.']) =>
    suites.map((suite) => ({ place, script: script.replace('$SUITE', suite), workspace })),
  );
}

describe('the commands of this repository, in pages and workflows', () => {
  const places = globSync(
    ['*.md', 'docs/**/*.md', 'packages/*/**/*.md', '.github/workflows/*.yml', '.ci/run'],
    {
      cwd: projectRoot,
      exclude: ['**/node_modules'],
    },
  );

  it('are scripts of their workspace', () => {
    const named = places.flatMap(repositoryCommands);
    const unknown = named.filter(({ script, workspace }) => {
      const file = join(projectRoot, workspace, 'package.json');
      return !existsSync(file) || JSON.parse(readFileSync(file, 'utf8')).scripts?.[script] === undefined;
    });
    expect(named.length).toBeGreaterThan(50);
    expect(named.some(({ script }) => script === 'test:engine')).toBe(true);
    expect(unknown).toEqual([]);
  });

  it('are files that exist', () => {
    const named = places.flatMap((place) =>
      [...textOf(place).matchAll(/\bnode ([a-z]+\/[\w./-]+)/g)].map(([, file = '']) => ({ place, file })),
    );
    const unknown = named.filter(({ file }) => !existsSync(join(projectRoot, file)));
    expect(named.length).toBeGreaterThan(3);
    expect(unknown).toEqual([]);
  });
});
