import { expect, it } from '@jest/globals';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

/** The conditions of all statements in a property: the effect, the operator and the key. */
function conditionsIn(property: unknown): readonly string[] {
  if (typeof property !== 'object' || property === null) return [];
  const { Effect, Condition } = Object(property);
  const own = Object.entries(Effect === undefined ? {} : Object(Condition));
  return [
    ...own.flatMap(([operator, keys]) =>
      Object.keys(Object(keys)).map((key) => `${Effect} ${operator} ${key}`),
    ),
    ...Object.values(property).flatMap(conditionsIn),
  ];
}

it('policies of all configurations have these conditions', () => {
  const conditions = Object.values(templateConfigurations).flatMap((configuration) =>
    conditionsIn(madeResources(configuration).template.Resources),
  );
  expect([...new Set(conditions)].sort()).toEqual([
    'Allow ArnEquals aws:SourceArn',
    'Allow ArnLike aws:PrincipalArn',
    'Allow StringEquals aws:SourceAccount',
    'Allow StringEquals kms:ViaService',
    'Allow StringEquals sts:ExternalId',
    'Allow StringLike s3:prefix',
    'Allow StringLikeIfExists s3:prefix',
    'Deny ArnNotEquals aws:PrincipalArn',
    'Deny Bool aws:SecureTransport',
  ]);
});
