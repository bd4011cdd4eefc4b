import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** A template as it is written, with parameters and conditions. */
export interface WrittenTemplate {
  /** By name. One without a default has to be given. */
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  /** By name. Each is a function of conditions. */
  readonly Conditions?: Readonly<Record<string, unknown>>;
  /** By logical ID. */
  readonly Resources: Readonly<Record<string, WrittenResource>>;
}

/** A resource of a template. */
interface WrittenResource {
  /** Its type: `AWS::WAFv2::WebACL`. */
  readonly Type: string;
  /** Name of the condition without which there is no such resource. Default: there always is. */
  readonly Condition?: string;
  /** Its properties. Default: none. */
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What is kept of a resource. */
const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});

const NO_VALUE = Symbol('AWS::NoValue');

/**
 * The resources of a template for these parameters, by logical ID: with parameters, `Fn::If`, and conditions of `Fn::Equals` and
 * `Fn::Not` filled in, also within the text of `Fn::Sub`. All other functions stay.
 *
 * @throws Error for a parameter that is unknown or without a value, for a condition that is missing or of another function,
 *   and for an `Fn::Sub` that has variables of its own.
 */
export function instantiate(
  { Parameters = {}, Conditions = {}, Resources }: WrittenTemplate,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, z.output<typeof resourceSchema>>> {
  const unknown = Object.keys(given).filter((name) => !(name in Parameters));
  if (unknown.length > 0) throw new Error(`There is no parameter ${unknown.join(', ')}.`);
  const values = new Map<unknown, unknown>(
    Object.entries(Parameters).map(([name, { Default }]) => {
      const value = given[name] ?? Default;
      if (value === undefined) throw new Error(`${name} has no value.`);
      return [name, value];
    }),
  );
  const holds = (name: string): boolean => {
    const condition = Conditions[name];
    if (condition === undefined) throw new Error(`There is no condition ${name}.`);
    return truth(name, fill(condition));
  };
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill).filter((filled) => filled !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value);
    const [only] = members;
    if (members.length === 1 && only !== undefined) {
      const [name, argument] = only;
      if (name === 'Ref' && argument === 'AWS::NoValue') return NO_VALUE;
      if (name === 'Ref' && values.has(argument)) return values.get(argument);
      if (name === 'Fn::If') {
        const [condition, whenTrue, whenFalse] = z
          .tuple([z.string(), z.unknown(), z.unknown()])
          .parse(argument);
        return fill(holds(condition) ? whenTrue : whenFalse);
      }
      if (name === 'Fn::Not') return !truth(name, z.tuple([z.unknown()]).parse(fill(argument))[0]);
      if (name === 'Fn::Equals') {
        const [left, right] = z.tuple([z.unknown(), z.unknown()]).parse(fill(argument));
        return isDeepStrictEqual(left, right);
      }
      if (name === 'Fn::Sub') {
        const text = z
          .string()
          .parse(argument)
          .replaceAll(/\$\{(\w+)\}/g, (all, parameter) => String(values.get(parameter) ?? all));
        return { 'Fn::Sub': text };
      }
    }
    return Object.fromEntries(
      members
        .map(([member, memberValue]): [string, unknown] => [member, fill(memberValue)])
        .filter(([, filled]) => filled !== NO_VALUE),
    );
  };
  return Object.fromEntries(
    Object.entries(Resources)
      .filter(([, { Condition }]) => Condition === undefined || holds(Condition))
      .map(([id, resource]) => [id, resourceSchema.parse(fill(resource))]),
  );
}

/** What a condition is. A function that is not evaluated must not pass for false. @throws Error for what is no boolean. */
function truth(name: string, filled: unknown): boolean {
  if (typeof filled === 'boolean') return filled;
  throw new Error(`${name} is not evaluated: ${JSON.stringify(filled)}.`);
}
