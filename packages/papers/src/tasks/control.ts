/** The task of control: what an agent is made for, how it acts, learns and is measured. */
export { type ActedStep, Actor } from "./control-actor.ts";
export {
  ControlAgent,
  type ControlAgentOptions,
  type ControlEvaluation,
  type Episode,
  type PlayOptions,
  type RecordedEpisode,
} from "./control-system.ts";
export {
  type AgentInputs,
  type AgentNetwork,
  type AgentOutputs,
  type Algorithm,
  algorithms,
  type BuildAgent,
  type ControlModelDescription,
  type ControlPaper,
  type ControlRecipe,
  type ControlTarget,
  controlSettings,
  type MakeEnvironments,
} from "./control-target.ts";
export {
  type ControlTrainingOptions,
  controlMetrics,
  describeControlModel,
  planControlTraining,
  trainAgent,
} from "./control-training.ts";
export type { UnrollBatch } from "./control-unrolls.ts";
