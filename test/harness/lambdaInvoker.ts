/** Replaces Lambda's context in tests: handlers use nothing else of it. */
interface TestContext {
  readonly getRemainingTimeInMillis: () => number;
}

/** Calls a function's handler as Lambda does: with any event, and without what middlewares add to the context. */
export function lambdaInvoker<Result>(
  handler: (event: never, context: never) => Promise<Result>,
): (event: unknown, context: TestContext) => Promise<Result> {
  return (event, context) => Reflect.apply(handler, undefined, [event, { ...context }]);
}
