import {
  attributePath,
  intrinsicOf,
  SUB_PLACEHOLDER,
} from '../../../packages/local-aws/src/template/index.ts';
import type { TemplateResource } from './propertyProblems.ts';
import type { ServiceSpec } from './ServiceSpec.ts';

/** The parts of a template that can refer to something. */
export interface ReferringTemplate {
  readonly Resources: Readonly<
    Record<string, TemplateResource & { readonly DependsOn?: readonly string[] | string | undefined }>
  >;
  readonly Outputs?: Readonly<Record<string, unknown>> | undefined;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html */
const PSEUDO = new Set(
  [
    'AccountId',
    'NotificationARNs',
    'NoValue',
    'Partition',
    'Region',
    'StackId',
    'StackName',
    'URLSuffix',
  ].map((name) => `AWS::${name}`),
);
/** Functions that a template without parameters, mappings and conditions needs. */
const FUNCTIONS = new Set(['Fn::Join', 'Fn::Split', 'Fn::Select', 'Fn::Base64']);

/** Every `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn` that leads nowhere, by path: attributes exist by their type's specification. */
export function referenceProblems(
  { Resources, Outputs = {} }: ReferringTemplate,
  spec: ServiceSpec,
): string[] {
  const ref = (name: string, path: string) =>
    name in Resources || PSEUDO.has(name) ? [] : [`${path}: there is no ${name}`];
  const attribute = (logicalId: string, name: string, path: string) => {
    const resource = Resources[logicalId];
    if (resource === undefined) return [`${path}: there is no ${logicalId}`];
    const known = spec.resource(resource.Type)?.attributes.has(name) === true;
    return known ? [] : [`${path}: ${resource.Type} ${logicalId} has no attribute ${name}`];
  };

  function sub(argument: unknown, path: string): string[] {
    const [text, own]: unknown[] = Array.isArray(argument) ? argument : [argument, {}];
    if (typeof text !== 'string') return [`${path}: Fn::Sub without a text`];
    const named = [...text.matchAll(SUB_PLACEHOLDER)].flatMap(([, literal, name = '']) => {
      if (literal === '!' || (typeof own === 'object' && own !== null && name in own)) return [];
      const parts = attributePath(name);
      return parts === undefined ? ref(name, path) : attribute(...parts, path);
    });
    return [...named, ...walk(own, path)];
  }

  function walk(value: unknown, path: string): string[] {
    if (typeof value !== 'object' || value === null) return [];
    const intrinsic = intrinsicOf(value);
    if (intrinsic === undefined)
      return Object.entries(value).flatMap(([name, item]) => walk(item, `${path}.${name}`));
    switch (intrinsic.name) {
      case 'Ref':
        return ref(String(intrinsic.argument), path);
      case 'Fn::GetAtt': {
        const parts = attributePath(intrinsic.argument);
        return parts === undefined ? [`${path}: Fn::GetAtt of nothing`] : attribute(...parts, path);
      }
      case 'Fn::Sub':
        return sub(intrinsic.argument, path);
      default:
        return FUNCTIONS.has(intrinsic.name)
          ? walk(intrinsic.argument, path)
          : [`${path}: ${intrinsic.name} is not expected here`];
    }
  }

  const resources = Object.entries(Resources).flatMap(([logicalId, { Properties, DependsOn = [] }]) => [
    ...walk(Properties, logicalId),
    ...[DependsOn]
      .flat()
      .flatMap((name) => (name in Resources ? [] : [`${logicalId}.DependsOn: there is no ${name}`])),
  ]);
  return [...resources, ...walk(Outputs, 'Outputs')];
}
