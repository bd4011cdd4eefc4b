import { styleText } from 'node:util';

/** The kind of a text. It decides which words have a colour. */
export type Look = 'help' | 'report' | 'calendar' | 'table' | 'error';

type Format = Parameters<typeof styleText>[0];

/** The header of a table: dashes are below it. */
const HEADINGS: readonly (readonly [RegExp, Format])[] = [[/^\S.*$(?=\n-+(?: {2}-+)*$)/gm, 'bold']];

const LOOKS: Readonly<Record<Look, readonly (readonly [RegExp, Format])[]>> = {
  help: [
    [/^(?:Usage|Actions|Options|Examples|Commands|Exit codes):/gm, 'bold'],
    [/^ {2}--?[a-z][a-z-]*/gm, 'cyan'],
  ],
  report: [
    ...HEADINGS,
    [/^PROBLEM(?= )/gm, ['bold', 'red']],
    [/^Something needs attention[.:].*$/gm, ['bold', 'red']],
    [/^Split: MISMATCH\./gm, ['bold', 'red']],
    [/^warning(?= )/gm, 'yellow'],
    [/^No problem, \d+ warnings?\.$/gm, 'yellow'],
    [/^Split: suspicious\./gm, 'yellow'],
    [/^ok(?= {2})/gm, 'green'],
    [/^Nothing needs attention\.$/gm, 'green'],
    [/^Split: as expected\./gm, 'green'],
    [/^not checked(?= )/gm, 'dim'],
    [/^ +\$ .*$/gm, 'cyan'],
  ],
  calendar: [
    [/(?<= )✓(?= |$)/gm, 'green'],
    [/(?<= )[✗!](?= |$)/gm, ['bold', 'red']],
  ],
  table: HEADINGS,
  error: [[/^SLUICE_[A-Z0-9_]+(?=: )/g, ['bold', 'red']]],
};

/** The text with the colours of its look, as escape sequences of ECMA-48. The caller has escaped those of others. */
export function paint(text: string, look: Look): string {
  return LOOKS[look].reduce(
    (painted, [pattern, format]) =>
      painted.replace(pattern, (words) => styleText(format, words, { validateStream: false })),
    text,
  );
}

/** The choice of colour on the command line; undefined leaves it to the environment. */
export type ColourChoice = 'always' | 'never' | undefined;

/**
 * Whether a stream gets colours. `--color` and `--no-color` decide first, then `NO_COLOR` and `FORCE_COLOR`, then
 * `TERM=dumb`; else a terminal has colours and nothing else has.
 *
 * https://no-color.org: NO_COLOR that is not empty. FORCE_COLOR is that of Node and its tools, where 0 and false are no.
 */
export function isColoured(
  stream: { readonly isTTY?: boolean | undefined },
  choice: ColourChoice,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== undefined) return choice === 'always';
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** A command line without `--color` and `--no-color`, which every command takes, and what they say: the last one counts. */
export function readColourChoice(argv: readonly string[]): {
  readonly argv: readonly string[];
  readonly choice: ColourChoice;
} {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const last = options.findLast((word) => word === '--color' || word === '--no-color');
  const choice = last === undefined ? undefined : last === '--color' ? 'always' : 'never';
  const kept = options.filter((word) => word !== '--color' && word !== '--no-color');
  return { argv: end < 0 ? kept : [...kept, ...argv.slice(end)], choice };
}
