import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, findDeclared, type Member, membersOf, readModule, type Written } from './readTypes.ts';

/** Answers of one command or call, by the names of their types. */
export interface Answers {
  readonly name: string;
  readonly file: string;
  readonly types: readonly string[];
}

/** What each command prints with `--json`: the type arguments with which it writes. */
export function commandAnswers(): readonly Answers[] {
  const files = readdirSync('cli', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.sort().flatMap((name) => {
    const file = join('cli', name);
    const { code } = readModule(file);
    const found = [...code.matchAll(/\b(?:writeResult|writeJson|requestWork)<(\w+)>\(/g)].map(
      ([, type = '']) => type,
    );
    const types = [...new Set(found)].filter((type) => findDeclared(file, type) !== undefined);
    const command =
      name === 'main.ts' ? 'a command that fails' : `sluice ${basename(name, '.ts').replace('startT', 't')}`;
    return types.length === 0 ? [] : [{ name: command, file, types }];
  });
}

/** What each call of the console's API answers: the result types of their `handle`. */
export function callAnswers(): readonly Answers[] {
  const files = readdirSync('console/api').filter((name) => name !== 'route.ts');
  return files.flatMap((name) => {
    const file = join('console/api', name);
    return readModule(file)
      .code.split('route({')
      .slice(1)
      .flatMap((code) => {
        const [, path = ''] = /path: '(.*?)'/.exec(code) ?? [];
        const [, type] = /\bhandle\b[^;]*?\): (?:Promise<)?(?:readonly )?([\w |]*\w)/.exec(code) ?? [];
        if (type === undefined) throw new RangeError(`${path} has no written result type.`);
        return [
          {
            name: path,
            file,
            types: type.split(' | ').filter((typeName) => findDeclared(file, typeName) !== undefined),
          },
        ];
      });
  });
}

/** docs/reference/json.md, in whole. @throws RangeError for members without a comment. */
export function jsonPage(): string {
  const sections = new Map<string, string>();
  const files = new Map<string, string>();
  const lacking: string[] = [];
  const commands = commandAnswers();
  for (const { file, types } of [...commands, ...callAnswers()])
    for (const type of types) describe(file, type);
  if (lacking.length > 0) throw new RangeError(`Members without a comment: ${lacking.join(', ')}.`);
  const rows = commands.map(
    ({ name, types }) => `| \`${name}\` | ${types.map((type) => linkTo(type)).join(', ')} |`,
  );
  return `# Answers as JSON

<!-- Made by \`npm run docs\` from the types in cli/, observe/, operate/ and console/api/: edit those. -->

What commands print with \`--json\`, and what [the console's API](console.md) answers. A member with \`?\` can be absent. Other commands print an object of documents, or nothing.

| command | prints |
|---|---|
${rows.join('\n')}

## Types

${[...sections.values()].join('\n')}`;

  /** Writes the section of a type, and then those of the types of its members. */
  function describe(file: string, name: string): void {
    const found = findDeclared(file, name);
    if (found === undefined) return;
    if ((files.get(name) ?? found.file) !== found.file) throw new RangeError(`Two types are named ${name}.`);
    files.set(name, found.file);
    if (sections.has(name)) return;
    sections.set(name, '');
    const members = membersOf(found);
    const table =
      members.length === 0
        ? `\n${typeText(found)}\n`
        : `\n| member | type | meaning |\n|---|---|---|\n${members.flatMap((member) => rowsOf(member, name, '')).join('\n')}\n`;
    sections.set(name, `### ${name}\n\n${found.text}\n${table}`);
  }

  function rowsOf(member: Member, owner: string, prefix: string): readonly string[] {
    const name = `${prefix}${member.name}`;
    if (member.text === '') lacking.push(`${member.file} ${owner}.${name}`);
    const row = `| \`${name}${member.isOptional ? '?' : ''}\` | ${typeText(member)} | ${cell(member.text)} |`;
    const isInline = !member.node.type.startsWith('TS') || member.node.type === 'TSTypeLiteral';
    return [row, ...(isInline ? membersOf(member).flatMap((inner) => rowsOf(inner, owner, `${name}.`)) : [])];
  }

  /** A type as a cell, with links to those that have a section. */
  function typeText(written: Written): string {
    const { file, node } = written;
    const code = codeOf(written);
    if (!node.type.startsWith('TS')) return cell(schemaText(file, code));
    return cell(code).replaceAll(/(?<!['\w])[A-Z]\w+(?!\w*')/g, (name) => {
      const found = findDeclared(file, name);
      if (found === undefined) return name;
      const values = valuesOf(found);
      if (values !== null) return cell(values);
      describe(file, name);
      return linkTo(name);
    });
  }
}

/** The values of a type that is one of some texts; null of another type. */
function valuesOf(found: Pick<Written, 'file' | 'node'>): string | null {
  const code = codeOf(found);
  const [, list] = /^\(typeof (\w+)\)\[number\]$/.exec(code) ?? [];
  const listed = list === undefined ? undefined : findDeclared(found.file, list);
  if (listed !== undefined)
    return (
      codeOf(listed)
        .match(/'[^']*'/g)
        ?.join(' | ') ?? null
    );
  return /^'[^']*'( \| '[^']*')*$/.test(code) ? code : null;
}

/** A schema of zod as a type. */
function schemaText(file: string, code: string): string {
  const orNull = code.includes('.nullable()') ? ' | null' : '';
  const [, name = '', inner = ''] = /^(?:z\.)?(\w+)(?:\((.*)\))?/.exec(code) ?? [];
  const found = code.startsWith('z.') ? undefined : findDeclared(file, name);
  if (found !== undefined) return schemaText(found.file, codeOf(found)) + orNull;
  if (name === 'array') return `${schemaText(file, inner)}[]`;
  if (name === 'enum') {
    const list = findDeclared(file, /^\w+/.exec(inner)?.[0] ?? '');
    return ((list === undefined ? inner : codeOf(list)).match(/'[^']*'/g) ?? []).join(' | ') + orNull;
  }
  if (name === 'literal') return inner.replace(/\).*/, '');
  const text =
    ['string', 'number', 'boolean'].find((primitive) => primitive === name) ??
    (name === 'int' ? 'number' : 'object');
  return text + orNull;
}

/** A link to the section of a type. @param page Default: its own. */
export function linkTo(name: string, page = ''): string {
  return `[${name}](${page}#${name.toLowerCase()})`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
