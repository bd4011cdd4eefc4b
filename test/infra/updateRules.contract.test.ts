import { beforeAll, describe, expect, it } from '@jest/globals';
import { updateRules } from '../../packages/local-aws/src/cloudformation/index.ts';
import { type PropertySpecs, ServiceSpec, type ValueSpec } from './schema/ServiceSpec.ts';

let spec: ServiceSpec;
beforeAll(async () => {
  spec = await ServiceSpec.load();
});

/** Paths of the properties whose change replaces a resource, the outermost of each, outside lists. */
function createOnly(properties: PropertySpecs, path = '', above: readonly ValueSpec[] = []): string[] {
  return Object.entries(properties).flatMap(([name, { replaces, type }]) => {
    if (replaces !== 'no') return [`${path}${name}`];
    if (type.kind !== 'object' || above.length > 4) return [];
    return createOnly(type.properties(), `${path}${name}.`, [...above, type]);
  });
}

describe('the update rules of the local cloud', () => {
  it.each([...updateRules])('of %s are those of AWS’s specification', (type, { createOnly: ours, name }) => {
    const found = spec.resource(type);
    expect(found).toBeDefined();
    const { properties = {}, replacing = [] } = found ?? {};
    // Destinations besides S3 are refused by name.
    const theirs = [...createOnly(properties), ...replacing].filter(
      (path) => !/^(Amazon|Elasticsearch|Iceberg|Snowflake)\w*DestinationConfiguration\./.test(path),
    );
    expect(ours.toSorted()).toEqual(theirs.toSorted());
    if (name !== undefined) expect(ours).toContain(name);
  });
});
