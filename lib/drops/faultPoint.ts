/**
 * Is called after each step between which AWS may end a function, before the next step begins. Tests end the function
 * there. A deployed function has no such port.
 */
export type FaultPoint<Step extends string> = (step: Step) => Promise<void> | void;
