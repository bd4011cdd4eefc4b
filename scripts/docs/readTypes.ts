import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from '@babel/parser';

type Statement = ReturnType<typeof parse>['program']['body'][number];
type Interface = Extract<Statement, { type: 'TSInterfaceDeclaration' }>;
type TypeNode = Extract<Statement, { type: 'TSTypeAliasDeclaration' }>['typeAnnotation'];
type Expression = Extract<Statement, { type: 'ExpressionStatement' }>['expression'];
/** What has members: of an interface, a type, or an object. */
type Owner =
  | Interface['body']['body'][number]
  | Extract<Expression, { type: 'ObjectExpression' }>['properties'][number];

/** A type or a schema of zod, where it is written. */
export interface Written {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly node: Interface | NonNullable<Interface['extends']>[number] | TypeNode | Expression;
  /** Its comment as one line; empty without one. */
  readonly text: string;
}

/** A member of a type. */
export interface Member extends Written {
  readonly name: string;
  readonly isOptional: boolean;
}

interface Module {
  readonly code: string;
  /** Types and constants, by name. */
  readonly declared: Map<string, Written>;
  /** The file and the name there, by the name here. */
  readonly imported: Map<string, readonly [file: string, name: string]>;
}

const modules = new Map<string, Module>();

/** Reads what a module declares and imports. @param file Path from the root of the repository. */
export function readModule(file: string): Module {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const code = readFileSync(file, 'utf8');
  const read: Module = { code, declared: new Map(), imported: new Map() };
  modules.set(file, read);
  for (const statement of parse(code, { sourceType: 'module', plugins: ['typescript'] }).program.body) {
    const own =
      statement.type === 'ExportNamedDeclaration' ? (statement.declaration ?? statement) : statement;
    const text = commentOf(statement);
    if (own.type === 'TSInterfaceDeclaration') read.declared.set(own.id.name, { file, node: own, text });
    if (own.type === 'TSTypeAliasDeclaration')
      read.declared.set(own.id.name, { file, node: own.typeAnnotation, text });
    if (own.type === 'VariableDeclaration')
      for (const { id, init } of own.declarations)
        if (id.type === 'Identifier' && init) read.declared.set(id.name, { file, node: init, text });
    if (own.type === 'ImportDeclaration' && own.source.value.startsWith('.'))
      for (const name of own.specifiers)
        if (name.type === 'ImportSpecifier' && name.imported.type === 'Identifier')
          read.imported.set(name.local.name, [join(dirname(file), own.source.value), name.imported.name]);
  }
  return read;
}

/** Where a name is declared; undefined of what another package or the language declares. */
export function findDeclared(file: string, name: string): Written | undefined {
  const { declared, imported } = readModule(file);
  const from = imported.get(name);
  return declared.get(name) ?? (from && findDeclared(...from));
}

function commentOf({ leadingComments }: Pick<Statement, 'leadingComments'>): string {
  const last = leadingComments?.findLast(({ value }) => value.startsWith('*'))?.value.slice(1) ?? '';
  const lines = last.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  return lines
    .join(' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The code of a type or a schema on one line, without `readonly`. */
export function codeOf({ file, node }: Pick<Written, 'file' | 'node'>): string {
  const code = readModule(file).code.slice(node.start ?? 0, node.end ?? 0);
  return (
    code
      .replaceAll(/\breadonly |\/\*.*?\*\//gs, '')
      .replaceAll(/\s+/g, ' ')
      // A chain of calls is broken before its dots.
      .replaceAll(/ \.(?=\w)/g, '.')
      .replace(/^Readonly<(.*)>$/, '$1')
      .replace(/^\| /, '')
  );
}

/** The members of an object's type or schema, or of a list's elements; none of anything else. */
export function membersOf({ file, node }: Pick<Written, 'file' | 'node'>): readonly Member[] {
  const at = (inner: Written['node']) => membersOf({ file, node: inner });
  const named = (name: string) => {
    const found = findDeclared(file, name);
    return found === undefined ? [] : membersOf(found);
  };
  const own = (owners: readonly Owner[]) => owners.flatMap((owner) => memberOf(file, owner));
  switch (node.type) {
    case 'TSInterfaceDeclaration':
      return [...(node.extends ?? []).flatMap(at), ...own(node.body.body)];
    case 'TSTypeLiteral':
      return own(node.members);
    case 'ObjectExpression':
      return own(node.properties);
    case 'TSIntersectionType':
      return node.types.flatMap(at);
    case 'TSUnionType': {
      const [first, ...others] = node.types.map(at).filter(({ length }) => length > 0);
      return others.length > 0 ? [] : (first ?? []);
    }
    case 'TSArrayType':
      return at(node.elementType);
    case 'TSTypeOperator':
    case 'TSParenthesizedType':
      return at(node.typeAnnotation);
    case 'TSIndexedAccessType': {
      const name = /^'(\w+)'$/.exec(codeOf({ file, node: node.indexType }))?.[1];
      const found = at(node.objectType);
      const member = found.find((candidate) => candidate.name === name);
      return name === undefined ? found : member === undefined ? [] : membersOf(member);
    }
    case 'Identifier':
      return named(node.name);
    case 'CallExpression': {
      const [first] = node.arguments;
      const inner =
        first === undefined || first.type === 'ArgumentPlaceholder' || first.type === 'SpreadElement'
          ? []
          : at(first);
      if (node.callee.type !== 'MemberExpression' || node.callee.object.type === 'Super') return [];
      return /^z\.(object|looseObject|array)$/.test(codeOf({ file, node: node.callee }))
        ? inner
        : [
            ...at(node.callee.object),
            ...(/\.extend$/.test(codeOf({ file, node: node.callee })) ? inner : []),
          ];
    }
    case 'TSTypeReference':
    case 'TSExpressionWithTypeArguments': {
      const [first, keys] = node.typeParameters?.params ?? [];
      const name = codeOf({ file, node }).replace(/<.*/, '');
      if (name === 'z.output' && first?.type === 'TSTypeQuery')
        return named(codeOf({ file, node: first }).slice('typeof '.length));
      if (first === undefined) return named(name);
      const wanted: readonly string[] = (keys && codeOf({ file, node: keys }).match(/\w+/g)) ?? [];
      if (name === 'Pick') return at(first).filter((member) => wanted.includes(member.name));
      if (name === 'Omit') return at(first).filter((member) => !wanted.includes(member.name));
      return ['Partial', 'Readonly', 'NonNullable'].includes(name) ? at(first) : [];
    }
    default:
      return [];
  }
}

function memberOf(file: string, owner: Owner): readonly Member[] {
  const text = commentOf(owner);
  if (owner.type !== 'TSPropertySignature' && owner.type !== 'ObjectProperty') return [];
  const { key } = owner;
  if (key.type !== 'Identifier') return [];
  const { name } = key;
  if (owner.type === 'TSPropertySignature') {
    const node =
      owner.typeAnnotation?.type === 'TSTypeAnnotation' ? owner.typeAnnotation.typeAnnotation : null;
    return node === null ? [] : [{ file, node, text, name, isOptional: owner.optional === true }];
  }
  const node = owner.value as Expression;
  return [{ file, node, text, name, isOptional: codeOf({ file, node }).endsWith('.optional()') }];
}
