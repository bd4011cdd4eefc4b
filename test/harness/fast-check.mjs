// The module that tests import as `fast-check` (NativeRuntime.cjs). `npm test` draws the same cases in every run, and at
// most 100 of each property: the same thousands prove nothing new. With a seed, as `SLUICE_SEED=2 npm test` or in the
// proof tier, a property has as many cases as it asks for.
import fc from '../../node_modules/fast-check/lib/fast-check.js';

const MOST_CASES = 100;
const seed = process.env.SLUICE_SEED;
fc.configureGlobal({ seed: Number(seed ?? 1) });

const assert = (property, parameters) =>
  fc.assert(
    property,
    seed === undefined && parameters?.numRuns > MOST_CASES
      ? { ...parameters, numRuns: MOST_CASES }
      : parameters,
  );

/** Code points but for surrogates, 0xd800 to 0xdfff: fast-check's own unit `binary` takes two seconds in each suite to map all of them to its numbers. */
const binary = fc
  .nat({ max: 0x10ffff })
  .filter((point) => point >> 11 !== 0x1b)
  .map(String.fromCodePoint, (text) => {
    const point = text.codePointAt(0);
    return text === String.fromCodePoint(point) ? point : -1;
  });
const string = (constraints) =>
  fc.string(constraints?.unit === 'binary' ? { ...constraints, unit: binary } : constraints);

export * from '../../node_modules/fast-check/lib/fast-check.js';
export default { ...fc, assert, string };
