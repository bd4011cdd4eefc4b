import { TemplateError } from '../base/errors.ts';
import { attributePath, intrinsicOf, SUB_PLACEHOLDER } from './Template.ts';

/**
 * The values of names in a template. Both functions throw for an unknown name. `where` is the place that uses the name, for the
 * message.
 */
export interface Scope {
  /** The value of `Ref`: a text, or that the property is to be left out. */
  readonly ref: (name: string, where: string) => string | typeof NO_VALUE;
  /** The value of `Fn::GetAtt`. */
  readonly attribute: (logicalId: string, attribute: string, where: string) => string;
}

/** `AWS::NoValue`: the member with this value is removed. */
export const NO_VALUE = Symbol('AWS::NoValue');

/**
 * Evaluates a part of a template: replaces every intrinsic function by its value.
 *
 * @param where Path of the part, for messages: `OrdersStream.Properties`.
 * @throws TemplateError `TEMPLATE_INTRINSIC_UNSUPPORTED`, `TEMPLATE_REFERENCE_UNKNOWN`,
 * `TEMPLATE_INVALID` for arguments that the function doesn't accept.
 */
export function evaluate(value: unknown, scope: Scope, where: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((item, index) => evaluate(item, scope, `${where}[${index}]`)).filter(isValue);
  }
  const intrinsic = intrinsicOf(value);
  if (intrinsic !== undefined) return call(intrinsic.name, intrinsic.argument, scope, where);
  const misplaced = Object.keys(value).find((name) => name.startsWith('Fn::'));
  if (misplaced !== undefined) throw invalid(where, `${misplaced} stands beside other members`);
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, evaluate(member, scope, `${where}.${name}`)] as const)
      .filter(([, member]) => isValue(member)),
  );
}

/** The value of an intrinsic function. */
function call(name: string, argument: unknown, scope: Scope, where: string): unknown {
  switch (name) {
    case 'Ref':
      if (typeof argument !== 'string') throw invalid(where, 'Ref takes a logical ID');
      return scope.ref(argument, where);
    case 'Fn::GetAtt': {
      const path = attributePath(argument);
      if (path === undefined) throw invalid(where, 'Fn::GetAtt takes a logical ID and an attribute');
      return scope.attribute(...path, where);
    }
    case 'Fn::Sub':
      return substitute(argument, scope, where);
    case 'Fn::Join': {
      const [separator, items] = listOf(evaluate(argument, scope, where), 2, name, where);
      if (typeof separator !== 'string' || !Array.isArray(items))
        throw invalid(where, `${name} takes [text, list]`);
      return items.map((item) => textOf(item, name, where)).join(separator);
    }
    case 'Fn::Split': {
      const [separator, text] = listOf(evaluate(argument, scope, where), 2, name, where);
      return textOf(text, name, where).split(textOf(separator, name, where));
    }
    case 'Fn::Select': {
      const [index, items] = listOf(evaluate(argument, scope, where), 2, name, where);
      const item: unknown = Array.isArray(items) ? items[Number(index)] : undefined;
      if (item === undefined) throw invalid(where, `${name} has no item ${String(index)}`);
      return item;
    }
    default:
      throw new TemplateError('TEMPLATE_INTRINSIC_UNSUPPORTED', `${name} at ${where}.`);
  }
}

/** `Fn::Sub` in both forms: a text, or a text with values for additional names. */
function substitute(argument: unknown, scope: Scope, where: string): string {
  const [text, variables] = Array.isArray(argument) ? listOf(argument, 2, 'Fn::Sub', where) : [argument, {}];
  if (typeof text !== 'string' || typeof variables !== 'object' || variables === null) {
    throw invalid(where, 'Fn::Sub takes a text, or a text and an object');
  }
  return text.replace(SUB_PLACEHOLDER, (placeholder, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(variables, name))
      return textOf(evaluate(Reflect.get(variables, name), scope, where), 'Fn::Sub', where);
    const path = attributePath(name);
    const value = path === undefined ? scope.ref(name, where) : scope.attribute(...path, where);
    return textOf(value, `Fn::Sub of ${placeholder}`, where);
  });
}

/** A list of a length. @throws TemplateError for any other value. */
function listOf(value: unknown, length: number, name: string, where: string): unknown[] {
  if (Array.isArray(value) && value.length === length) return value;
  throw invalid(where, `${name} takes a list of ${length}`);
}

/** A value as a text. @throws TemplateError for a list or an object. */
function textOf(value: unknown, name: string, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(where, `${name} takes texts`);
}

/** Whether an evaluated value is kept: `AWS::NoValue` leaves a property or an item out. */
function isValue(value: unknown): boolean {
  return value !== NO_VALUE;
}

/** The error for a template that is wrong. @param where The place in the template. */
function invalid(where: string, why: string): Error {
  return new TemplateError('TEMPLATE_INVALID', `${where}: ${why}.`);
}
