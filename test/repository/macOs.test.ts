import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: repositoryRoot, encoding: 'utf8' })
  .split('\0')
  .slice(0, -1);
const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');

/** What `npm start` and `npm test` may run: no proof, no judge, no suite of the emulator, and not this rule. */
const programs = tracked.filter(
  (file) =>
    (/\.(ts|tsx|mjs|cjs)$/.test(file) || /(^|\/)package\.json$/.test(file)) &&
    !/\.proof\.test\.ts$|^test\/(aws|engine|trino|clients)\/|^packages\/local-aws\/test\//.test(file) &&
    file !== 'test/repository/macOs.test.ts',
);

/** A line of a program, without its comment, and the lines that open the blocks in which it is. */
interface Line {
  readonly file: string;
  readonly code: string;
  readonly around: readonly string[];
}

const lines: readonly Line[] = programs.flatMap((file) => {
  const around: { indent: number; code: string }[] = [];
  return read(file)
    .split('\n')
    .map((text) => text.replace(/^\s*(\/?\*|\/\/).*|\s\/\/ .*$/, ''))
    .filter((code) => code.trim() !== '')
    .map((code): Line => {
      const indent = code.search(/\S/);
      while ((around.at(-1)?.indent ?? -1) >= indent) around.pop();
      const line = { file, code, around: around.map((opening) => opening.code) };
      around.push({ indent, code });
      return line;
    });
});
const placesOf = (wrong: readonly Line[]) => wrong.map(({ file, code }) => `${file}: ${code.trim()}`);
/** The code of each program. */
const texts = [...Map.groupBy(lines, ({ file }) => file)].map(([file, ofFile]) => ({
  file,
  text: ofFile.map(({ code }) => code).join('\n'),
}));

/** Files and folders that only Linux has. */
const LINUX_PATH =
  /['"`]\/(proc|sys|run|dev\/(full|shm|fd)|etc\/(hostname|os-release|machine-id)|bin\/(true|false))\b/;
/** What a block asks or catches before it uses such a path. */
const GUARD = /\bexistsSync\(|=== 'linux'|\btry \{/;

/** Programs that Linux and macOS both have, with the same options. */
const PORTABLE = ['/bin/sh', 'du', 'git', 'mkfifo', 'npm', 'ps', 'sh', 'tar'];
const STARTED = /\b(?:exec|execSync|execFile|execFileSync|spawn|spawnSync)\(\s*(['"`])(.*?)\1/g;

/** Programs of Linux, and options of GNU, in the text of a shell or in a list of arguments. */
const LINUX_COMMANDS = [
  /\b(?:unshare|taskset|setsid|prlimit|flock|nproc|ionice|mapfile|readarray) -?\w/,
  /\bulimit -[^n]/,
  /(?<!-)\btimeout (?:-\S+ )*\d/,
  /\bsed (?:-\w+ )*-\w*i(?!\.)/,
  /\bstat (?:-\w+ )*(?:-c|--format|--printf)\b/,
  /\bdate (?:-\w+ )*(?:-d|--date|-I|--iso)\b|\bdate [^;]{0,60}%N/,
  /\breadlink -\w*[ef]/,
  /\bgrep (?:-\w+ )*-\w*P/,
  /\bxargs (?:-\w+ )*(?:-\w*[rd]|--no-run-if-empty)\b/,
  /\b(?:cp|mv|ln) (?:-\w+ )*(?:-[tT]\b|--\w)/,
  /\b(?:mktemp -p|du -\w*b|head -n ?-|base64 -w|find [^;]{0,60}-printf)\b/,
];

/** A program's text as a shell would see the words of its strings. */
const wordsOf = (text: string) => text.replace(/['"`,[\]()]+/g, ' ').replace(/\s+/g, ' ');

describe('a Mac', () => {
  it('has no files of Linux: what uses them asks first', () => {
    const unguarded = lines.filter(
      ({ code, around }) =>
        LINUX_PATH.test(code) && ![code, ...around].some((opening) => GUARD.test(opening)),
    );
    expect(lines.length).toBeGreaterThan(50_000);
    expect(placesOf(unguarded)).toEqual([]);
  });

  it('has the programs that are started', () => {
    const started = texts.flatMap(({ file, text }) =>
      [...text.matchAll(STARTED)].map(([, , program = '']) => ({ file, program })),
    );
    const others = started.filter(({ program }) => !PORTABLE.includes(program));
    expect(started.length).toBeGreaterThan(10);
    expect(others).toEqual([]);
  });

  it('has the commands and options that are used', () => {
    const wrong = texts.flatMap(({ file, text }) => {
      const words = wordsOf(text);
      return LINUX_COMMANDS.flatMap((command) => command.exec(words)?.[0] ?? []).map(
        (found) => `${file}: ${found}`,
      );
    });
    expect(wrong).toEqual([]);
  });

  it('answers on no address but 127.0.0.1', () => {
    expect(placesOf(lines.filter(({ code }) => /['"`/]127\.0\.0\.(?!1\b)\d/.test(code)))).toEqual([]);
  });

  it('has a folder for temporary files that is a link, as test/run.ts makes here', () => {
    expect(realpathSync(tmpdir())).not.toBe(tmpdir());
  });
});

describe('a file system that ignores case', () => {
  const foldCase = (path: string) => path.normalize('NFC').toLowerCase();

  it('has room for every file and folder of the repository', () => {
    const folders = tracked.flatMap((file) =>
      file.split('/').map((_, i, names) => names.slice(0, i + 1).join('/')),
    );
    const paths = new Map<string, Set<string>>();
    for (const path of folders) {
      const equal = paths.get(foldCase(path)) ?? new Set();
      paths.set(foldCase(path), equal.add(path));
    }
    expect([...paths.values()].filter(({ size }) => size > 1).map((equal) => [...equal])).toEqual([]);
  });

  it('finds nothing that Linux would not: imports name files as they are written', () => {
    const known = new Map(tracked.map((file) => [foldCase(file), file]));
    const imports = lines.flatMap((line) =>
      [...line.code.matchAll(/\b(?:from|import|import\(|URL\() ?['"`](\.[^'"`$]*)/g)].map(([, path = '']) => {
        return { line, target: join(dirname(line.file), path) };
      }),
    );
    const misnamed = imports.filter(({ target }) => (known.get(foldCase(target)) ?? target) !== target);
    expect(imports.length).toBeGreaterThan(3_000);
    expect(placesOf(misnamed.map(({ line }) => line))).toEqual([]);
  });
});
