let beside = 1;

/** How many models are computed beside one another in this process; each has its share of the cores. */
export function modelsBeside(): number {
  return beside;
}

/** Does work in which so many models are computed beside one another: those loaded meanwhile take their share of the cores. */
export async function computedBeside<R>(models: number, work: () => Promise<R>): Promise<R> {
  const before = beside;
  beside = before * Math.max(1, models);
  try {
    return await work();
  } finally {
    beside = before;
  }
}
