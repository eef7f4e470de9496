/** Runs tasks one after the other, each when those before it have ended, well or not. */
export function turns(): <T>(task: () => Promise<T>) => Promise<T> {
  let previous: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = previous.then(task, task);
    previous = turn.catch(() => undefined);
    return turn;
  };
}
