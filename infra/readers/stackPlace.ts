import { type Place, placeOf } from '../../lib/access/Place.ts';
import { HERE } from '../template/intrinsics.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/** Where the stack's things are, in the notation of `Fn::Sub`. */
export function stackPlace({ config }: Pick<Stack, 'config'>): Place {
  return placeOf(config, {
    ...HERE,
    keyArn: config.existing.keyArn ?? `\${${logicalIds.key}.Arn}`,
  });
}
