import {
  intrinsicOf,
  type ResolvedResource,
  SUB_PLACEHOLDER,
  type Template,
} from '../../packages/local-aws/src/template/index.ts';
import { MADE_BY_API } from './judged.ts';

/**
 * The template without what moto's CloudFormation doesn't make: what refers to it has the value in its place, as moto
 * refuses a reference to what it skips.
 */
export function forMoto(template: Template, resolved: readonly ResolvedResource[]): Template {
  const resources = Object.entries(template.Resources);
  const left = new Set(resources.filter(([, { Type }]) => MADE_BY_API.has(Type)).map(([id]) => id));
  const known = (id: string, attribute: string | undefined): string | undefined => {
    if (!left.has(id)) return undefined;
    const found = resolved.find(({ logicalId }) => logicalId === id);
    const value = attribute === undefined ? found?.physicalId : attribute === 'Arn' ? found?.arn : undefined;
    if (value === undefined) throw new Error(`Nothing is known of ${id}.${attribute}.`);
    return value;
  };
  return {
    ...template,
    Resources: Object.fromEntries(
      resources
        .filter(([id]) => !left.has(id))
        .map(([id, resource]) => {
          const Properties = Object.fromEntries(
            Object.entries(resource.Properties).map(([name, value]) => [name, withValues(value, known)]),
          );
          return [
            id,
            { ...resource, Properties, DependsOn: resource.DependsOn.filter((on) => !left.has(on)) },
          ];
        }),
    ),
    Outputs: Object.fromEntries(
      Object.entries(template.Outputs).map(([name, output]) => [
        name,
        { ...output, Value: withValues(output.Value, known) },
      ]),
    ),
  };
}

function withValues(
  value: unknown,
  known: (id: string, attribute: string | undefined) => string | undefined,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withValues(item, known));
  const intrinsic = intrinsicOf(value);
  const argument = intrinsic?.argument;
  if (intrinsic?.name === 'Ref') return known(String(argument), undefined) ?? value;
  if (intrinsic?.name === 'Fn::GetAtt') {
    const [id = '', ...attribute] = Array.isArray(argument)
      ? argument.map(String)
      : String(argument).split('.');
    return known(id, attribute.join('.')) ?? value;
  }
  if (intrinsic?.name === 'Fn::Sub') {
    const [given, ...own]: unknown[] = Array.isArray(argument) ? argument : [argument];
    const text = String(given).replace(SUB_PLACEHOLDER, (whole, literal: string, name: string) => {
      const [id = '', ...attribute] = name.split('.');
      if (literal === '!') return whole;
      return known(id, attribute.length === 0 ? undefined : attribute.join('.')) ?? whole;
    });
    return {
      'Fn::Sub': own.length === 0 ? text : [text, ...own.map((values) => withValues(values, known))],
    };
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withValues(member, known)]));
}
