import type { FaultPoint } from '../../lib/base/retry.ts';

/**
 * A fault point at which work is killed: nothing of it runs any more.
 *
 * @param at What runs at a step, before the work goes on or is killed there.
 * @returns `killed` resolves when the work has reached `killAt`; never without one.
 */
export function killedAt<Step extends string>(
  killAt: Step | undefined,
  at: Partial<Record<Step, () => Promise<unknown>>> = {},
): { readonly faultPoint: FaultPoint<Step>; readonly killed: Promise<'killed'> } {
  const { promise: killed, resolve } = Promise.withResolvers<'killed'>();
  const faultPoint = async (step: Step) => {
    await at[step]?.();
    if (step !== killAt) return;
    resolve('killed');
    await new Promise(() => {});
  };
  return { faultPoint, killed };
}
