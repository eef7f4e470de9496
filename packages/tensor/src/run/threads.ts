import { QuireError } from "../errors.ts";

let most: number | undefined;

/**
 * Says how many threads of the processor each model computes with that is loaded from now on, where several processes
 * share its cores; none leaves it to the platform. In a page it changes nothing.
 *
 * @throws QuireError when it is no count.
 */
export function setThreads(count: number | undefined): void {
  if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
    throw new QuireError(`setThreads: ${count} is no count of threads; take 1 or more.`);
  }
  most = count;
}

/** The threads that were said. */
export function givenThreads(): number | undefined {
  return most;
}
