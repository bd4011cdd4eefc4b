import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { routes } from '../../console/api/routes.ts';
import { asReference } from './asReference.ts';
import { codeOf, findDeclared, type Member, membersOf, readModule, type Written } from './readTypes.ts';

/** Answers of one command or call, by the names of their types. */
interface Answers {
  /** The command, `sluice status`, or the path of the call. */
  readonly source: string;
  /** Where it is written. */
  readonly file: string;
  /** Names of the types, each of which has a table. */
  readonly types: readonly string[];
}

/** Commands that are not named as their files. */
const COMMANDS: Readonly<Record<string, string>> = {
  'main.ts': 'a command that fails',
  'trial/removeLeftTrial.ts': 'sluice trial --remove',
  'trial/startTrial.ts': 'sluice trial',
};

/** What each command prints with `--json`: the type arguments with which it writes. */
export function commandAnswers(): readonly Answers[] {
  const names = readdirSync('cli', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return names.sort().flatMap((name) => {
    const file = join('cli', name);
    const calls = readModule(file).code.matchAll(/\b(?:writeResult|writeJson|requestWork)<(\w+)>\(/g);
    const written = new Set(Array.from(calls, ([, type = '']) => type));
    const types = [...written].filter((type) => findDeclared(file, type) !== undefined);
    const source = COMMANDS[name] ?? `sluice ${basename(name, '.ts')}`;
    return types.length === 0 ? [] : [{ source, file, types }];
  });
}

/** What each call of the console's API answers: the result types of their `handle`. */
export function callAnswers(): readonly Answers[] {
  const names = readdirSync('console/api').filter((name) => name !== 'route.ts');
  return names.flatMap((name) => {
    const file = join('console/api', name);
    const [, ...declared] = readModule(file).code.split('route({');
    return declared.map((code) => {
      const [, source = ''] = /path: '(.*?)'/.exec(code) ?? [];
      const [, result] = /\bhandle\b[^;]*?\): (?:Promise<)?(?:readonly )?([\w |]*\w)/.exec(code) ?? [];
      if (result === undefined) throw new RangeError(`${source} has no written result type.`);
      const types = result.split(' | ').filter((type) => findDeclared(file, type) !== undefined);
      return { source, file, types };
    });
  });
}

/** docs/reference/json.md, in whole. @throws RangeError for members without a comment. */
export function jsonPage(): string {
  const commands = commandAnswers();
  const calls = callAnswers();
  const described = new TypeSections();
  for (const { file, types } of [...commands, ...calls]) for (const type of types) described.add(file, type);
  return `# Answers as JSON

<!-- Made by \`npm run docs\` from the types in cli/, observe/, operate/ and console/api/: edit those. -->

What commands print with \`--json\`, and what the console's API answers. A member or a parameter with \`?\` can be absent. Other commands print an object of documents, or nothing.

| command | prints |
|---|---|
${commandRows(commands)}

## The console's API

\`\`\`sh
curl 'http://127.0.0.1:4701/api/deployment'
\`\`\`

Bodies are JSON, with \`content-type: application/json\`. With a token, send \`Authorization: Bearer …\`. A list has \`next\`, null at its end: it is the \`cursor\` of the next page. An error is \`{"error":{"code","message","cause","cure"}}\` with a status of 400, 401, 403, 404 or 500 ([errors.md](errors.md)). A call that nobody waits for any longer is cancelled.

| call | answers | parameters |
|---|---|---|
${callRows(calls)}

## Types

${described.toText()}`;
}

/** The answers of commands, a line each. */
function commandRows(commands: readonly Answers[]): string {
  return commands
    .map(({ source, types }) => `| \`${source}\` | ${types.map((type) => linkTo(type)).join(', ')} |`)
    .join('\n');
}

/** The calls of the console's API, a line each. */
function callRows(calls: readonly Answers[]): string {
  const answered = new Map(calls.map(({ source, types }) => [source, types]));
  return routes
    .map(({ method, path, writes, localOnly, summary, query, body }) => {
      const links = (answered.get(path) ?? []).map((type) => linkTo(type));
      const call = `\`${method} ${path}\`${writes ? ', writes' : ''}${localOnly ? ', local cloud only' : ''}`;
      return `| ${call} | ${asReference(summary)} ${links.join(' or ')} | ${parametersOf(query, body)} |`;
    })
    .join('\n');
}

/** Sections of types, each followed by those of the types of its members. */
class TypeSections {
  readonly #sections = new Map<string, string>();
  readonly #files = new Map<string, string>();
  /** Members without a comment. */
  readonly #lacking: string[] = [];

  /** All sections. @throws RangeError for members without a comment. */
  toText(): string {
    if (this.#lacking.length > 0) {
      throw new RangeError(`Members without a comment: ${this.#lacking.join(', ')}.`);
    }
    return [...this.#sections.values()].join('\n');
  }

  /** Adds a type that a file declares or imports. One that is there already, or has no declaration, adds nothing. */
  add(file: string, type: string): void {
    const declared = findDeclared(file, type);
    if (declared === undefined) return;
    const knownFile = this.#files.get(type) ?? declared.file;
    if (knownFile !== declared.file) throw new RangeError(`Two types are named ${type}.`);
    this.#files.set(type, declared.file);
    if (this.#sections.has(type)) return;
    // A type may have itself among the types of its members.
    this.#sections.set(type, '');
    const members = membersOf(declared);
    const content = members.length === 0 ? this.#typeText(declared) : this.#memberTable(members, type);
    this.#sections.set(type, `### ${type}\n\n${declared.text}\n\n${content}\n`);
  }

  /** The table of a type's members. */
  #memberTable(members: readonly Member[], type: string): string {
    const lines = members.flatMap((member) => this.#memberLines(member, type, ''));
    return ['| member | type | meaning |', '|---|---|---|', ...lines].join('\n');
  }

  /** The line of a member, and those of its own members if its type is written in place. @param prefix `parent.` */
  #memberLines(member: Member, type: string, prefix: string): readonly string[] {
    const name = `${prefix}${member.name}`;
    if (member.text === '') this.#lacking.push(`${member.file} ${type}.${name}`);
    const mark = member.isOptional ? '?' : '';
    const line = `| \`${name}${mark}\` | ${this.#typeText(member)} | ${cell(member.text)} |`;
    const isInPlace = !member.node.type.startsWith('TS') || member.node.type === 'TSTypeLiteral';
    const inner = isInPlace ? membersOf(member) : [];
    return [line, ...inner.flatMap((innerMember) => this.#memberLines(innerMember, type, `${name}.`))];
  }

  /** A type as a cell, with links to those that have a section. */
  #typeText(written: Written): string {
    const { file, node } = written;
    const code = codeOf(written);
    if (!node.type.startsWith('TS')) return cell(schemaText(file, code));
    // Every name of a type, but not within a text: `'A'`.
    return cell(code).replaceAll(/(?<!['\w])[A-Z]\w+(?!\w*')/g, (name) => {
      const declared = findDeclared(file, name);
      if (declared === undefined) return name;
      const values = valuesOf(declared);
      if (values !== null) return cell(values);
      this.add(file, name);
      return linkTo(name);
    });
  }
}

/** Parameters by name, each with its meaning. @throws RangeError for one without a meaning. */
function parametersOf(...schemas: readonly (z.ZodObject | undefined)[]): string {
  const parameters = schemas.flatMap((schema) => Object.entries<z.core.$ZodType>(schema?.shape ?? {}));
  const lines = parameters.map(([name, schema]) => {
    const mark = z.safeParse(schema, undefined).success ? '?' : '';
    return `\`${name}${mark}\`: ${cell(meaningOf(name, schema))}`;
  });
  return lines.join('<br>');
}

/** What `.describe` says of a parameter. @throws RangeError if it says nothing. */
function meaningOf(name: string, schema: z.core.$ZodType): string {
  const { description } = z.globalRegistry.get(schema) ?? {};
  if (description !== undefined) return description;
  if (schema instanceof z.ZodOptional) return meaningOf(name, schema.unwrap());
  throw new RangeError(`The parameter ${name} has no meaning.`);
}

/** The values of a type that is one of some texts, as `'a' | 'b'`; null of another type. */
function valuesOf(declared: Pick<Written, 'file' | 'node'>): string | null {
  const code = codeOf(declared);
  const [, constant] = /^\(typeof (\w+)\)\[number\]$/.exec(code) ?? [];
  const list = constant === undefined ? undefined : findDeclared(declared.file, constant);
  if (list !== undefined) return textsIn(codeOf(list));
  return /^'[^']*'( \| '[^']*')*$/.test(code) ? code : null;
}

/** The texts of a list, as `'a' | 'b'`; null without any. */
function textsIn(code: string): string | null {
  const texts = new Set(code.match(/'[^']*'/g));
  return texts.size === 0 ? null : [...texts].join(' | ');
}

/** Functions of zod and the types that they stand for. Others stand for an object. */
const SCHEMA_TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  int: 'number',
  boolean: 'boolean',
};

/** A schema of zod as a type. */
function schemaText(file: string, code: string): string {
  const orNull = code.includes('.nullable()') ? ' | null' : '';
  const [, name = '', argument = ''] = /^(?:z\.)?(\w+)(?:\((.*)\))?/.exec(code) ?? [];
  const declared = code.startsWith('z.') ? undefined : findDeclared(file, name);
  if (declared !== undefined) return schemaText(declared.file, codeOf(declared)) + orNull;
  if (name === 'array') return `${schemaText(file, argument)}[]`;
  if (name === 'literal') return argument.replace(/\).*/, '');
  if (name === 'enum') {
    const list = findDeclared(file, /^\w+/.exec(argument)?.[0] ?? '');
    return `${textsIn(list === undefined ? argument : codeOf(list)) ?? ''}${orNull}`;
  }
  return (SCHEMA_TYPES[name] ?? 'object') + orNull;
}

/** A link to the section of a type. */
function linkTo(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}

/** A text as a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
