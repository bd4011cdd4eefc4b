import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from '@babel/parser';

/** A statement of a file. */
type Statement = ReturnType<typeof parse>['program']['body'][number];
/** An interface. */
type Interface = Extract<Statement, { type: 'TSInterfaceDeclaration' }>;
/** A written type. */
type TypeNode = Extract<Statement, { type: 'TSTypeAliasDeclaration' }>['typeAnnotation'];
/** An expression. */
type Expression = Extract<Statement, { type: 'ExpressionStatement' }>['expression'];
/** What stands between the braces of an interface, a type or an object: a member, a method, a spread. */
type Owner =
  | Interface['body']['body'][number]
  | Extract<Expression, { type: 'ObjectExpression' }>['properties'][number];

/** A type or a schema of zod, where it is written. */
export interface Written {
  /** Path from the root of the repository. */
  readonly file: string;
  /** The node of its syntax tree. */
  readonly node: Interface | NonNullable<Interface['extends']>[number] | TypeNode | Expression;
  /** Its comment as one line; empty without one. */
  readonly text: string;
}

/** A member of a type. */
export interface Member extends Written {
  /** The member's name. */
  readonly name: string;
  /** Whether an object may leave it out. */
  readonly isOptional: boolean;
}

/** What an import names. */
interface Source {
  /** Path of the file from the root of the repository. */
  readonly file: string;
  /** The name in that file. */
  readonly name: string;
}

/** A module of the repository. */
interface Module {
  /** The whole text of the module. */
  readonly code: string;
  /** Types and constants, by name. */
  readonly declared: Map<string, Written>;
  /** What is imported from files of the repository, by the name here. */
  readonly imported: Map<string, Source>;
}

/** Modules that were read, by their files. */
const modules = new Map<string, Module>();

/** Reads what a module declares and imports. @param file Path from the root of the repository. */
export function readModule(file: string): Module {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const code = readFileSync(file, 'utf8');
  const module: Module = { code, declared: new Map(), imported: new Map() };
  modules.set(file, module);
  for (const statement of parse(code, { sourceType: 'module', plugins: ['typescript'] }).program.body) {
    const isExported = statement.type === 'ExportNamedDeclaration';
    const declaration = isExported ? (statement.declaration ?? statement) : statement;
    addDeclared(module.declared, file, declaration, commentOf(statement));
    if (declaration.type === 'ImportDeclaration' && declaration.source.value.startsWith('.')) {
      const importedFile = join(dirname(file), declaration.source.value);
      for (const { type, local, ...specifier } of declaration.specifiers)
        if ('imported' in specifier && specifier.imported.type === 'Identifier')
          module.imported.set(local.name, { file: importedFile, name: specifier.imported.name });
    }
  }
  return module;
}

/** Adds the types and constants of a statement. @param text Its comment. */
function addDeclared(declared: Module['declared'], file: string, statement: Statement, text: string): void {
  switch (statement.type) {
    case 'TSInterfaceDeclaration':
      declared.set(statement.id.name, { file, node: statement, text });
      break;
    case 'TSTypeAliasDeclaration':
      declared.set(statement.id.name, { file, node: statement.typeAnnotation, text });
      break;
    case 'VariableDeclaration':
      for (const { id, init } of statement.declarations)
        if (id.type === 'Identifier' && init) declared.set(id.name, { file, node: init, text });
  }
}

/** Where a name is declared; undefined of what another package or the language declares. */
export function findDeclared(file: string, name: string): Written | undefined {
  const { declared, imported } = readModule(file);
  const source = imported.get(name);
  return declared.get(name) ?? (source && findDeclared(source.file, source.name));
}

/** The doc comment of a statement or a member as one line; empty without one. */
function commentOf({ leadingComments }: Pick<Statement, 'leadingComments'>): string {
  const comment = leadingComments?.findLast(({ value }) => value.startsWith('*'));
  if (comment === undefined) return '';
  const lines = comment.value.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  return lines
    .join(' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The code of a type or a schema on one line, without `readonly`. */
export function codeOf({ file, node }: Pick<Written, 'file' | 'node'>): string {
  const { start, end } = node;
  if (typeof start !== 'number' || typeof end !== 'number')
    throw new TypeError(`${file}: no place in the code.`);
  const code = readModule(file).code.slice(start, end);
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

/** Types of the language that have the members of their first argument. */
const SAME_MEMBERS = ['Partial', 'Readonly', 'NonNullable'];
/** Functions of zod whose result has the members of their argument. */
const OF_ARGUMENT = /^z\.(object|looseObject|array)$/;

/** The members of an object's type or schema, or of a list's elements; none of anything else. */
export function membersOf({ file, node }: Pick<Written, 'file' | 'node'>): readonly Member[] {
  const membersAt = (inner: Written['node']) => membersOf({ file, node: inner });
  const membersIn = (owners: readonly Owner[]) => owners.flatMap((owner) => readMember(file, owner));
  switch (node.type) {
    case 'TSInterfaceDeclaration':
      return [...(node.extends ?? []).flatMap(membersAt), ...membersIn(node.body.body)];
    case 'TSTypeLiteral':
      return membersIn(node.members);
    case 'ObjectExpression':
      return membersIn(node.properties);
    case 'TSIntersectionType':
      return node.types.flatMap(membersAt);
    case 'TSUnionType': {
      // `X | null` has the members of X. Of a choice between objects, the page has the types themselves.
      const [first, ...others] = node.types.map(membersAt).filter(({ length }) => length > 0);
      return others.length > 0 ? [] : (first ?? []);
    }
    case 'TSArrayType':
      return membersAt(node.elementType);
    case 'TSTypeOperator':
    case 'TSParenthesizedType':
      return membersAt(node.typeAnnotation);
    case 'TSIndexedAccessType': {
      // `X['name']` has the members of that member, `X[number]` those of X.
      const name = /^'(\w+)'$/.exec(codeOf({ file, node: node.indexType }))?.[1];
      const members = membersAt(node.objectType);
      if (name === undefined) return members;
      const member = members.find((candidate) => candidate.name === name);
      return member === undefined ? [] : membersOf(member);
    }
    case 'Identifier':
      return membersOfName(file, node.name);
    case 'CallExpression':
      return membersOfCall(file, node);
    case 'TSTypeReference':
    case 'TSExpressionWithTypeArguments':
      return membersOfReference(file, node);
    default:
      return [];
  }
}

/** The members of a type by its name; none if it is not there. */
function membersOfName(file: string, name: string): readonly Member[] {
  const declared = findDeclared(file, name);
  return declared === undefined ? [] : membersOf(declared);
}

/** The members of a schema: `z.object({ … })`, and what is chained to it. */
function membersOfCall(
  file: string,
  { callee, arguments: [argument] }: Extract<Expression, { type: 'CallExpression' }>,
): readonly Member[] {
  if (callee.type !== 'MemberExpression' || callee.object.type === 'Super') return [];
  const hasNode =
    argument !== undefined && argument.type !== 'ArgumentPlaceholder' && argument.type !== 'SpreadElement';
  const ofArgument = hasNode ? membersOf({ file, node: argument }) : [];
  const called = codeOf({ file, node: callee });
  if (OF_ARGUMENT.test(called)) return ofArgument;
  const ofObject = membersOf({ file, node: callee.object });
  return called.endsWith('.extend') ? [...ofObject, ...ofArgument] : ofObject;
}

/** The members of a type by its name and its arguments. */
function membersOfReference(
  file: string,
  node: Extract<TypeNode, { type: 'TSTypeReference' }> | NonNullable<Interface['extends']>[number],
): readonly Member[] {
  const [first, keys] = node.typeParameters?.params ?? [];
  const name = codeOf({ file, node }).replace(/<.*/, '');
  if (name === 'z.output' && first?.type === 'TSTypeQuery')
    return membersOfName(file, codeOf({ file, node: first }).slice('typeof '.length));
  if (first === undefined) return membersOfName(file, name);
  const members = membersOf({ file, node: first });
  const named: readonly string[] = (keys && codeOf({ file, node: keys }).match(/\w+/g)) ?? [];
  if (name === 'Pick') return members.filter((member) => named.includes(member.name));
  if (name === 'Omit') return members.filter((member) => !named.includes(member.name));
  return SAME_MEMBERS.includes(name) ? members : [];
}

/** The member of a type or of an object; none if it is another construct, such as a method or a spread. */
function readMember(file: string, owner: Owner): readonly Member[] {
  if (owner.type !== 'TSPropertySignature' && owner.type !== 'ObjectProperty') return [];
  const { key } = owner;
  if (key.type !== 'Identifier') return [];
  const described = { file, text: commentOf(owner), name: key.name };
  if (owner.type === 'ObjectProperty') {
    const node = owner.value as Expression;
    return [{ ...described, node, isOptional: codeOf({ file, node }).endsWith('.optional()') }];
  }
  const annotation = owner.typeAnnotation;
  if (annotation?.type !== 'TSTypeAnnotation') return [];
  return [{ ...described, node: annotation.typeAnnotation, isOptional: owner.optional === true }];
}
