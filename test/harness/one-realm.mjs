// Jest runs tests in a realm of their own, where the errors of Node's core modules are no instances of `Error`.
// In production there is one realm: this makes `instanceof Error` answer as it does there.
const inherited = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
  value(candidate) {
    return this === Error ? Error.isError(candidate) : inherited.call(this, candidate);
  },
});

// Jest sets it for its workers if it runs in a terminal itself. The output of commands in tests has no colours.
delete process.env.FORCE_COLOR;
