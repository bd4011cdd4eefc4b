import { styleText } from 'node:util';

/** The kind of a text. It decides which words have a colour. */
export type Look = 'help' | 'report' | 'calendar' | 'table' | 'error';

/** A colour or weight, as Node names it. */
type Format = Parameters<typeof styleText>[0];

/** Words of a text, and their format. */
type Rule = readonly [words: RegExp, format: Format];

/** The header of a table: dashes are below it. */
const HEADINGS: readonly Rule[] = [[/^\S.*$(?=\n-+(?: {2}-+)*$)/gm, 'bold']];

/** What has a colour in each kind of text. */
const LOOKS: Readonly<Record<Look, readonly Rule[]>> = {
  help: [
    [/^(?:Usage|Actions|Options|Examples|Commands|Exit codes):/gm, 'bold'],
    [/^ {2}--?[a-z][a-z-]*/gm, 'cyan'],
  ],
  report: [
    ...HEADINGS,
    [/^PROBLEM(?= )/gm, ['bold', 'red']],
    [/^Something needs attention[.:].*$/gm, ['bold', 'red']],
    [/^warning(?= )/gm, 'yellow'],
    [/^No problem, \d+ warnings?\.$/gm, 'yellow'],
    [/^ok(?= {2})/gm, 'green'],
    [/^Nothing needs attention\.$/gm, 'green'],
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

/**
 * The text with the colours of its look, as escape sequences of ECMA-48, if the stream has some: Node follows NO_COLOR,
 * FORCE_COLOR and TERM, and else asks whether it is a terminal. The caller has escaped sequences of others.
 */
export function paint(text: string, look: Look, stream: NodeJS.WriteStream): string {
  return LOOKS[look].reduce(
    (painted, [pattern, format]) => painted.replace(pattern, (words) => styleText(format, words, { stream })),
    text,
  );
}
