import { z } from 'zod';
import type { AwsService } from '../edge/AwsService.ts';
import { queryOperation, queryService } from '../edge/QueryService.ts';

/** STS on the wire: who asks. There is one user in the local account, its root. */
export function stsService({
  partition,
  account,
}: {
  readonly partition: string;
  readonly account: string;
}): AwsService {
  return queryService({
    signingName: 'sts',
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: new Map([
      queryOperation({
        name: 'GetCallerIdentity',
        input: z.strictObject({}),
        run: () => [
          ['Arn', `arn:${partition}:iam::${account}:root`],
          ['UserId', account],
          ['Account', account],
        ],
      }),
    ]),
  });
}
