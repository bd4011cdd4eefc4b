/** What is wrong with a document that is no policy, in a sentence: each service has its own error for it. */
export class PolicyProblem extends Error {}
