import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { systemClock } from '../base/time.ts';

/** Options of middy: each function ends before its own deadline, so middy sets no second one. */
export const noEarlyTimeout = { timeoutEarlyInMillis: 0 } as const;

/** Puts on the context when Lambda stops the invocation, in epoch milliseconds. All deadlines count back from it. */
export function withEndTime(): MiddlewareObj<unknown, unknown, Error, Context & { endsAt: number }> {
  return {
    before({ context }) {
      context.endsAt = systemClock.now() + context.getRemainingTimeInMillis();
    },
  };
}
