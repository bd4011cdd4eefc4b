import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { LocalClock } from '../base/LocalClock.ts';
import { type CallFate, suffer } from '../faults/CallFate.ts';
import type { Faults } from '../faults/Faults.ts';
import type { AwsRequest, AwsResponse, AwsService } from '../protocol/AwsService.ts';
import type { EdgeCall } from '../protocol/EdgeCall.ts';

/**
 * Lets a service handle a request as the faults that are set will have it: struck before the service does
 * anything, or after everything is done, when only the answer is left.
 *
 * @throws the AwsError to answer instead, or ConnectionReset.
 */
export async function handleUnderFaults(
  service: AwsService,
  request: AwsRequest,
  options: {
    readonly faults: Faults;
    readonly clock: Pick<LocalClock, 'after'>;
    readonly connection: Socket;
    /** Asked before anything is done. @throws AwsError */
    readonly admit?: ((call: EdgeCall) => void) | undefined;
    /** Told of the call once it is over, whatever became of it. */
    readonly onCall?: ((call: EdgeCall) => void) | undefined;
  },
): Promise<AwsResponse> {
  const fates: CallFate[] = [];
  const reached: string[] = [];
  let asked: Pick<EdgeCall, 'operation' | 'resource' | 'input'> | undefined;
  const tell = (status: number | undefined) => {
    if (asked === undefined) return;
    const { accessKeyId } = request.signature;
    options.onCall?.({ accessKeyId, service: service.signingName, ...asked, reached, status });
  };
  const response = await service
    .handle({
      ...request,
      async announce(operation, resource, input) {
        asked = { operation, resource, input };
        const { accessKeyId } = request.signature;
        options.admit?.({
          accessKeyId,
          service: service.signingName,
          ...asked,
          reached: [],
          status: undefined,
        });
        const fate = options.faults.takeCall({ service: service.signingName, operation, resource });
        fates.push(fate);
        await suffer(fate.before, options);
      },
      reach: (resource) => void reached.push(resource),
    })
    .catch((error: unknown) => {
      tell(undefined);
      throw error;
    });
  tell(response.status);
  try {
    for (const { after } of fates) await suffer(after, options);
    return response;
  } catch (error) {
    // Nobody will read it, and an object's file must not stay open.
    if (response.body instanceof Readable) response.body.destroy();
    throw error;
  }
}
