// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const SPREAD = 'A literal is spread into a literal';
const APART = 'A tuple is taken apart';
const TEMPLATE = 'A template stands within a template';
const UNTYPED = 'An exported function has no written result type';
const DERIVED = 'An exported type is derived from a function';

/** The beginnings of what `npm run check` says of each line of code, each in a block of its own if it exports nothing. */
function refusedIn(lines: readonly string[], name = 'code.ts'): string[][] {
  const directory = temporaryDirectory();
  try {
    const file = join(directory.path, name);
    mkdirSync(dirname(file), { recursive: true });
    const code = lines.map((line) => (line.startsWith('export') ? line : `{ ${line} }`));
    writeFileSync(file, code.join('\n'));
    const { stdout } = spawnSync(
      join(projectRoot, 'node_modules', '.bin', 'biome'),
      [
        'lint',
        `--config-path=${projectRoot}`,
        '--vcs-enabled=false',
        '--only=plugin',
        '--reporter=json',
        '--max-diagnostics=none',
        file,
      ],
      { encoding: 'utf8', timeout: COMMAND_MS },
    );
    const { diagnostics }: { diagnostics: readonly Diagnostic[] } = JSON.parse(stdout);
    return lines.map((_, i) =>
      diagnostics
        .filter(({ location }) => location.start.line === i + 1)
        .map(({ message }) => message.split(/ as soon|:/)[0] ?? ''),
    );
  } finally {
    directory.remove();
  }
}

interface Diagnostic {
  readonly message: string;
  readonly location: { readonly start: { readonly line: number } };
}

const refused: readonly (readonly [code: string, ...refusals: string[]])[] = [
  ['use({ ...{ a, b } });', SPREAD],
  ['use({ a, ...({ b: 1 } as const) });', SPREAD],
  ["use([...['a', 'b'], 'c']);", SPREAD],
  ["use([...(['a', 'b'] as const)]);", SPREAD],
  ['use([...([a] satisfies number[])]);', SPREAD],
  ['use(...[a, b]);', SPREAD],
  ["new Set(...[['a']]);", SPREAD],
  ['use({ a: { ...{ b } }, c: [...[d]] });', SPREAD, SPREAD],
  ['use({ ...{ a, ...{ b } } });', SPREAD, SPREAD],
  ['const [a, b] = [x, y];', APART],
  ['let [a, b] = [x, y] as const;', APART],
  ['const [a, b]: [A, B] = ([x, y]);', APART],
  ['const { a, b } = { a: x, b: y };', APART],
  ['const [a = 0, b = a] = [x[0], x.at(-1)];', APART],
  ['for (let [i, j] = [0, 1]; i < j; i += 1) use(i);', APART],
  ['[a, b] = [b, a];', APART],
  ['[this.a, this.b] = [x, []];', APART],
  ['({ a, b } = { a: x, b: y });', APART],
  ['use(`a ${`b`}`);', TEMPLATE],
  ['use(`a ${b ? `c ${d}` : ""}`);', TEMPLATE],
  ['use(`a ${b.map((c) => `${c}`).join()}`);', TEMPLATE],
  ['use(`a ${b(() => { return [{ c: sql`d` }]; })}`);', TEMPLATE],
  ['use(`a ${`b ${`c`}`}`);', TEMPLATE, TEMPLATE],
];

const accepted: readonly string[] = [
  'use({ ...a, b, ...(c ? { d } : {}), ...(e && { f }) });',
  'use([...a, ...(b ? [c] : []), ...[d, e].map(use), ...{ f: [] }.f]);',
  'const [a, b] = x;',
  'const [a, b] = await Promise.all([x(), y()]);',
  "const [kind, text] = x ? ['a', y] : ['b', z];",
  'const { a, ...rest } = { a: 1, ...given };',
  'for (const [a, b] of [[1, 2], [3, 4]]) use(a, b);',
  'const pair = [x, y];',
  'use(`a ${b}` + `c ${d}`);',
  'use(`a ${"b"} ${c({ d })}`, [`e`]);',
];

const untyped: readonly (readonly [code: string, ...refusals: string[]])[] = [
  ['export function a() {}', UNTYPED],
  ['export async function* b(x: number) { yield x; }', UNTYPED],
  ['export const c = async () => 1;', UNTYPED],
  ['export const d = function () { return 1; };', UNTYPED],
  ['export default function () {}', UNTYPED],
  ['export class E { f() { return 1; } }', UNTYPED],
  ['export type G = ReturnType<typeof a>;', DERIVED],
  ['export type H = Awaited<ReturnType<typeof b>>[number];', DERIVED],
  ['export interface I { readonly j: ReturnType<typeof a> | null }', DERIVED],
];

const typed: readonly string[] = [
  'export function a(): void { const inner = () => 1; inner(); }',
  'export const b = (): number => 1;',
  'export const c: () => number = () => 1;',
  'export const d = z.object({ e: z.string().refine((one) => one) });',
  'export const f = { g: () => 1 };',
  'export class H { constructor() {} #i() { return 1; } j(): void { this.#i(); } }',
  'export type K = z.output<typeof d>;',
  'function inner() { return 1; }',
  'type Own = ReturnType<typeof inner>;',
];

describe('npm run check', () => {
  it('refuses what has no written type', () => {
    const lines = untyped.map(([code]) => code);
    expect(refusedIn(lines, 'observe/code.ts')).toEqual(untyped.map(([, ...refusals]) => refusals));
    expect(refusedIn(typed, 'observe/code.ts')).toEqual(typed.map(() => []));
  });

  it('leaves types of tests to be derived', () => {
    const lines = untyped.map(([code]) => code);
    expect(refusedIn(lines, 'test/lib/code.ts')).toEqual(lines.map(() => []));
  });

  it('refuses what saves a line: literals spread, tuples taken apart, templates within templates', () => {
    const lines = refused.map(([code]) => code);
    expect(refusedIn(lines)).toEqual(refused.map(([, ...refusals]) => refusals));
    expect(refusedIn(['use(<b {...{ c }} title={`d ${`e`}`} />);'], 'code.tsx')).toEqual([
      [SPREAD, TEMPLATE],
    ]);
  });

  it('accepts conditions, merges, choices and what a function makes of a literal', () => {
    expect(refusedIn(accepted)).toEqual(accepted.map(() => []));
  });
});
