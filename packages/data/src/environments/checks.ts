import { DataError } from "../errors.ts";
import type { EnvironmentState, VectorEnvironment } from "./environment.ts";

/**
 * Finds out whether environments can take actions.
 *
 * @throws DataError when there are not as many as environments, or one does not exist.
 */
export function checkActions(
  { name, count, actionSpace }: VectorEnvironment,
  actions: Int32Array,
): void {
  if (actions.length !== count) {
    throw new DataError(
      `${name}: ${actions.length} actions for ${count} environments: give one each.`,
    );
  }
  const wrong = actions.find((action) => action < 0 || action >= actionSpace.count);
  if (wrong === undefined) return;
  throw new DataError(
    `${name}: there is no action ${wrong}: actions are whole numbers from 0 to ${actionSpace.count - 1}.`,
  );
}

/**
 * An array of a stored state.
 *
 * @throws DataError when it is missing or of another size.
 */
export function stored(
  name: string,
  state: EnvironmentState,
  part: string,
  length?: number,
): Int32Array {
  const found = state[part];
  if (found && (length === undefined || found.length === length)) return found;
  throw new DataError(
    `${name}: the stored state is of other environments: it has ${found?.length ?? "no"} ${part}${length === undefined ? "" : `, where ${length} are needed`}.`,
  );
}
