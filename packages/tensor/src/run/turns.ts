/**
 * Runs tasks that share something one after the other, each when those before it have ended, well or not; without a word
 * of what they share, all of them.
 */
export function turns(): <T>(task: () => Promise<T>, shared?: Iterable<object>) => Promise<T> {
  const last = new WeakMap<object, Promise<unknown>>();
  return (task, shared = [last]) => {
    const things = [...shared];
    const turn = Promise.all(things.map((thing) => last.get(thing))).then(task);
    const ended = turn.catch(() => undefined);
    for (const thing of things) last.set(thing, ended);
    return turn;
  };
}
