/** What a step gives; fails with the complaint where it takes longer. The step itself is not ended. */
export async function inTime<T>(
  step: Promise<T>,
  milliseconds: number,
  complaint: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), milliseconds);
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}
