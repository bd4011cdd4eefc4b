import { type Place, placeOf } from '../lib/access/Place.ts';
import { logicalIds, type Stack } from './Stack.ts';

/** Where the stack's things are, in the notation of `Fn::Sub`. */
export function stackPlace({ config }: Pick<Stack, 'config'>): Place {
  return placeOf(config, {
    partition: `\${AWS::Partition}`,
    account: `\${AWS::AccountId}`,
    region: `\${AWS::Region}`,
    keyArn: config.existing.keyArn ?? `\${${logicalIds.key}.Arn}`,
  });
}
