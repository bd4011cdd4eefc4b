/**
 * Makes this thread's `Date` tell the local cloud's time: `Date.now()`, `new Date()` and `Date()` are ahead of
 * the machine's clock by what `offsetMs` answers at that moment. Dates made from a value stay what they are, and
 * `instanceof Date` holds for those the runtime itself makes. Timers and `performance.now()` measure as ever.
 *
 * @returns The machine's own `Date.now`.
 */
export function shiftDate(offsetMs: () => number): () => number {
  const MachineDate = globalThis.Date;
  const machineNow = MachineDate.now;
  const now = () => machineNow() + offsetMs();
  MachineDate.now = now;
  const shifted = new Proxy(MachineDate, {
    apply: () => new MachineDate(now()).toString(),
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
  });
  MachineDate.prototype.constructor = shifted;
  globalThis.Date = shifted;
  return machineNow;
}
