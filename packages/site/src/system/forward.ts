import type { Module } from "@quire/nn";
import type {
  AgentNetwork,
  ControlTarget,
  ForecastTarget,
  IconTarget,
  ImageTarget,
  LanguageTarget,
  LinkageTarget,
  MaskedLanguageNetwork,
  SegmentationTarget,
  SequenceTarget,
  TabularTarget,
  TaskName,
  TextToImageNetwork,
  TextToImageTarget,
} from "@quire/papers";
import { isMasked } from "@quire/papers";
import type { Tensor, TensorType, Tree } from "@quire/tensor";

/** A forward pass of one example that can be traced. */
export interface ForwardPass {
  run(given: Tree<Tensor>): Tree<Tensor>;
  readonly input: Tree<TensorType>;
}

/** Fields of the calendar of a time. */
const CALENDAR_FIELDS = 8;

/** The forward pass of a task's system over one example, as large as its target says. */
export function forwardPass(task: TaskName, model: Module, target: object): ForwardPass {
  if (task === "text-to-image") return denoisingPass(model as TextToImageNetwork, target);
  if (task === "language-modelling" && isMasked(model)) return fillingPass(model, target);
  const forward = model.forward.bind(model) as (given: Tree<Tensor>) => Tree<Tensor>;
  return { run: forward, input: inputOf(task, target, model) };
}

function inputOf(task: TaskName, target: object, model: Module): Tree<TensorType> {
  switch (task) {
    case "image-classification": {
      const { channels, height, width } = target as ImageTarget;
      return numbers(1, channels, height, width);
    }
    case "forecasting": {
      const { context, horizon, channels, known } = target as ForecastTarget;
      return {
        past: numbers(1, context, channels),
        calendar: numbers(1, context + horizon, CALENDAR_FIELDS),
        known: numbers(1, horizon, known),
      };
    }
    case "language-modelling":
      return ids(1, (target as LanguageTarget).context);
    case "linkage":
      return ids(1, (target as LinkageTarget).length);
    case "sequence-labelling":
      return ids(1, (target as SequenceTarget).length);
    case "icon": {
      const { captionLength, length } = target as IconTarget;
      return ids(1, captionLength + length);
    }
    case "segmentation": {
      const { channels, patch } = target as SegmentationTarget;
      return numbers(1, channels, ...patch);
    }
    case "tabular-prediction":
      return numbers(1, (target as TabularTarget).features);
    case "control": {
      const carried = Object.entries((model as AgentNetwork).carried);
      return {
        observations: numbers(1, 1, (target as ControlTarget).observation),
        first: numbers(1, 1),
        carried: Object.fromEntries(carried.map(([name, shape]) => [name, numbers(1, ...shape)])),
      };
    }
    case "text-to-image":
    case "method":
      throw new Error(`A system of ${task} has no forward pass of one input.`);
  }
}

/** A text and of which stretch each of its tokens is. */
function fillingPass(model: MaskedLanguageNetwork, target: object): ForwardPass {
  const tokens = ids(1, (target as LanguageTarget).context);
  return {
    run: (given) => {
      const { text, sentences } = given as Record<"text" | "sentences", Tensor>;
      return model.forward(text, sentences);
    },
    input: { text: tokens, sentences: tokens },
  };
}

/** One step back from noise: noised values, their time and a caption; its states where the encoder stays outside. */
function denoisingPass(model: TextToImageNetwork, target: object): ForwardPass {
  const { length } = target as TextToImageTarget;
  const { values, stateWidth } = model;
  const told = stateWidth === undefined ? ids(1, length) : numbers(1, length, stateWidth);
  return {
    run: (given) => {
      const { noised, times, told } = given as Record<"noised" | "times" | "told", Tensor>;
      return model.forward(noised, times, told);
    },
    input: { noised: numbers(1, ...values), times: numbers(1), told },
  };
}

function numbers(...shape: number[]): TensorType {
  return { shape, dtype: "float32" };
}

function ids(...shape: number[]): TensorType {
  return { shape, dtype: "int32" };
}
