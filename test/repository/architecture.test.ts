import { readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { sum } from '../../lib/base/sum.ts';
import { projectRoot } from '../../local/roots.ts';
import { textOf } from '../harness/textOf.ts';
import { trackedFiles } from './trackedFiles.ts';

const SOURCE =
  /^(bench|cli|console|demo|functions|infra|lib|local|observe|operate|scripts|soak)\/.*\.(tsx?|mjs|cjs)$|^packages\/[\w-]+\/src\/.*\.(ts|mjs|cjs)$/;

/** Every module of the repository. */
const all = trackedFiles.filter((file) => /\.(tsx?|mjs|cjs)$/.test(file));

/** The text of each source file, tests apart. */
const sources = new Map(all.filter((file) => SOURCE.test(file)).map((file) => [file, textOf(file)]));
const lineCount = (file: string) => (sources.get(file) ?? '').split('\n').length - 1;

/** Which source files each imports, types included. */
const imports = new Map(
  [...sources].map(([file, text]) => [
    file,
    [...text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)]
      .map(([, path = '']) => normalize(join(dirname(file), path)))
      .filter((target) => sources.has(target) && target !== file),
  ]),
);

const floor = ['lib/base', 'lib/schema'];
const rows = [...floor, 'lib/tables', 'lib/wire', 'lib/groups', 'lib/landing'];
const everyRoom = [
  ...rows,
  'lib/parquet',
  'lib/ledger',
  'lib/collect',
  'lib/views',
  'lib/drops',
  'lib/curate',
  'lib/export',
  'lib/relay',
  'lib/erase',
  'lib/reconcile',
  'lib/access',
  'lib/config',
  'lib/lambda',
  'lib/aws',
];

/**
 * Which rooms each room may import besides itself. Everybody may import what a package's `exports` lists, nothing else;
 * inside of a package any room may import another as long as there is no cycle.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'lib/base': [],
  'lib/schema': ['lib/base'],
  'lib/tables': floor,
  'lib/wire': floor,
  'lib/groups': ['lib/base', 'lib/wire'],
  'lib/parquet': [...floor, 'lib/tables'],
  'lib/ledger': [...floor, 'lib/tables', 'lib/landing'],
  'lib/landing': [...floor, 'lib/tables', 'lib/wire', 'lib/parquet', 'lib/lambda'],
  'lib/collect': rows,
  'lib/views': [...floor, 'lib/tables', 'lib/wire', 'lib/groups'],
  'lib/drops': [...floor, 'lib/tables', 'lib/wire', 'lib/landing', 'lib/parquet', 'lib/ledger', 'lib/lambda'],
  'lib/curate': [
    ...floor,
    'lib/tables',
    'lib/landing',
    'lib/views',
    'lib/parquet',
    'lib/ledger',
    'lib/lambda',
  ],
  'lib/export': [...floor, 'lib/tables', 'lib/parquet', 'lib/ledger', 'lib/lambda'],
  'lib/relay': [...floor, 'lib/tables', 'lib/wire', 'lib/collect', 'lib/lambda'],
  'lib/erase': [
    ...rows.filter((room) => room !== 'lib/groups'),
    'lib/parquet',
    'lib/ledger',
    'lib/curate',
    'lib/relay',
  ],
  'lib/reconcile': [
    ...floor,
    'lib/tables',
    'lib/wire',
    'lib/landing',
    'lib/collect',
    'lib/views',
    'lib/erase',
  ],
  'lib/access': [...floor, 'lib/tables', 'lib/views', 'lib/drops', 'lib/curate'],
  'lib/config': [...floor, 'lib/tables', 'lib/wire', 'lib/collect', 'lib/views', 'lib/access'],
  'lib/lambda': ['lib/base'],
  'lib/aws': [
    ...rows,
    'lib/ledger',
    'lib/drops',
    'lib/curate',
    'lib/export',
    'lib/relay',
    'lib/erase',
    'lib/reconcile',
    'lib/access',
  ],
  functions: everyRoom,
  infra: everyRoom,
  local: [...everyRoom, 'packages/local-aws'],
  observe: [...everyRoom, 'infra'],
  operate: [...everyRoom, 'infra', 'observe'],
  console: [...everyRoom, 'infra', 'observe', 'operate'],
  cli: [...everyRoom, 'packages/local-aws', 'infra', 'local', 'observe', 'operate', 'console'],
  demo: [...everyRoom, 'packages/local-aws', 'local', 'observe', 'cli'],
  bench: [...everyRoom, 'packages/local-aws', 'infra'],
  // Its accounting must not use what it counts.
  soak: ['packages/local-aws', 'lib/config', 'local'],
  scripts: [...everyRoom, 'packages/local-aws', 'infra', 'local', 'observe', 'operate', 'console', 'cli'],
};

/** The room of a file: a folder of `lib/` or of a package's `src/`, or a folder at the top. */
function roomOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] === 'packages') return parts.slice(0, parts.length > 4 ? 4 : 3).join('/');
  return parts[0] === 'lib' ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

/** Groups of nodes that reach each other: Tarjan's strongly connected components of more than one node. */
function cyclesOf(edges: ReadonlyMap<string, Iterable<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string) => {
    index.set(node, index.size);
    low.set(node, index.get(node) ?? 0);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) cycles.push(group.sort());
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return cycles;
}

/** Tests that use the emulator's witness. */
const WITNESSES = /^test\/(?:aws|engine|trino)\/|^test\/lib\/access\/decideCall/;

/** The files that packages export. */
const doors = new Set(
  readdirSync(join(projectRoot, 'packages')).flatMap((name) =>
    Object.values<string>(JSON.parse(textOf('packages', name, 'package.json')).exports).map((path) =>
      join('packages', name, path),
    ),
  ),
);

describe('the architecture', () => {
  const edges = [...imports].flatMap(([file, targets]) =>
    targets.map((target) => ({ file, target, from: roomOf(file), to: roomOf(target) })),
  );

  it('lets each room import only what ARROWS lists', () => {
    const packageOf = (room: string) =>
      room.startsWith('packages/') ? room.split('/').slice(0, 2).join('/') : room;
    const wrong = edges
      .filter(({ from, to, target }) => {
        const source = packageOf(from);
        const destination = packageOf(to);
        if (source === destination) return false;
        const isInside = destination.startsWith('packages/') && !doors.has(target);
        return isInside || !(ARROWS[source] ?? []).includes(destination);
      })
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  it('lets a question of observe/ import facts and findings, never another question', () => {
    const part = (file: string) => /^observe\/([a-z]+)\//.exec(file)?.[1];
    const may: Readonly<Record<string, readonly string[]>> = { facts: [], findings: ['facts'] };
    const wrong = edges.filter(({ file, target }) => {
      const from = part(file);
      const to = part(target);
      if (from === undefined || to === undefined || from === to) return false;
      return !(may[from] ?? ['facts', 'findings']).includes(to);
    });
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
    expect(edges.some(({ target }) => part(target) === 'facts')).toBe(true);
  });

  it('lets tests and everything else import the doors of a package, too, and nothing beside them', () => {
    const wrong = all.flatMap((file) => {
      if (file.startsWith('packages/')) return [];
      return [...textOf(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)]
        .map(([, path = '']) => normalize(join(dirname(file), path)))
        .filter((target) => target.startsWith('packages/') && !doors.has(target) && !WITNESSES.test(file))
        .map((target) => `${file} imports ${target}`);
    });
    expect(all.length).toBeGreaterThan(1_000);
    expect(wrong).toEqual([]);
  });

  it('has an entry in ARROWS for every room', () => {
    const rooms = new Set([...sources.keys()].map(roomOf).filter((room) => !room.startsWith('packages/')));
    expect([...rooms].filter((room) => ARROWS[room] === undefined)).toEqual([]);
    expect(Object.keys(ARROWS).filter((room) => !rooms.has(room))).toEqual([]);
  });

  it('has no cycle of files', () => {
    expect(cyclesOf(imports)).toEqual([]);
  });

  it('has no cycle of rooms, nor of the folders and files inside of any folder', () => {
    // An import is an arrow between the two entries of the innermost folder that both files are in.
    const entries = new Map<string, Set<string>>();
    for (const { file, target } of edges) {
      const from = file.split('/');
      const to = target.split('/');
      const depth = from.findIndex((part, i) => part !== to[i]) + 1;
      const entry = from.slice(0, depth).join('/');
      entries.set(entry, (entries.get(entry) ?? new Set()).add(to.slice(0, depth).join('/')));
    }
    expect(cyclesOf(entries)).toEqual([]);
  });

  it('has at most 6 folders of more than 15 files', () => {
    const counts = new Map<string, number>();
    for (const file of sources.keys()) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const large = [...counts].filter(([, count]) => count > 15);
    expect(large.length <= 6 ? [] : large).toEqual([]);
  });

  it('has at most 10 files of 40 lines or less that only a neighbour imports', () => {
    const importers = new Map<string, string[]>();
    for (const { file, target } of edges) importers.set(target, [...(importers.get(target) ?? []), file]);
    const small = [...sources.keys()].filter((file) => {
      const [importer, ...others] = importers.get(file) ?? [];
      return lineCount(file) <= 40 && others.length === 0 && importer && dirname(importer) === dirname(file);
    });
    expect(small.length <= 10 ? [] : small).toEqual([]);
  });

  it('has files of 90 lines or more on average', () => {
    const lines = sum([...sources.keys()].map(lineCount));
    expect(sources.size).toBeGreaterThan(300);
    expect(lines / sources.size).toBeGreaterThanOrEqual(90);
  });
});
